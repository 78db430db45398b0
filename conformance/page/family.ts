import type { Image } from '../fixtures/image.ts'
import { about, build, file, link, type Step, textFile } from './images.ts'

/** Images as a team has them: one base, a runtime upon it, several programs, one of them in many versions. */

const DEBIAN: Step[] = [
  {
    createdBy:
      '/bin/sh -c #(nop) ADD file:4c1a1e4f0b0d7b9f0f9ac0be92e2ecb5d8c31d20d6a9b2c0d0a2a4d4b1bce0aa in / ',
    files: [
      file('usr/lib/x86_64-linux-gnu/libc.so.6', 7_900_000),
      file('usr/bin/bash', 5_300_000),
      file('usr/bin/perl', 9_800_000),
      file('usr/share/zoneinfo/all', 4_700_000),
      textFile('etc/os-release', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'),
      textFile('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n'),
    ],
  },
  { createdBy: '/bin/sh -c #(nop)  CMD ["bash"]' },
]

const NODE: Step[] = [
  ...DEBIAN,
  {
    createdBy:
      '/bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git',
    files: [
      file('usr/lib/git-core/git', 9_100_000),
      file('usr/bin/curl', 1_900_000),
      file('var/lib/apt/lists/deb.debian.org_main', 6_200_000),
      file('var/cache/apt/pkgcache.bin', 2_400_000),
      textFile(
        'var/lib/dpkg/status',
        ['ca-certificates 20230311', 'curl 7.88.1-10+deb12u12', 'git 1:2.39.5-0+deb12u2']
          .map((one) => `Package: ${one.replace(' ', '\nStatus: install ok installed\nVersion: ')}\n`)
          .join('\n'),
      ),
    ],
  },
  { createdBy: 'ENV NODE_VERSION=24.2.0' },
  {
    createdBy:
      'RUN /bin/sh -c curl -fsSL https://nodejs.org/dist/v24.2.0/node-v24.2.0.tar.xz | tar -xJ -C /usr/local # buildkit',
    files: [
      file('usr/local/bin/node', 41_000_000),
      file('usr/local/lib/node_modules/npm/index.js', 3_100_000),
    ],
  },
]

const installed = (version: string) => [
  file('app/node_modules/express/index.js', 2_300_000, version),
  file('app/node_modules/sharp/vendor/libvips.so', 11_600_000, version),
  file('app/node_modules/pg/lib/client.js', 1_400_000, version),
  { name: 'app/.wh..env', body: Buffer.alloc(0) },
]
const DEPENDENCIES = { old: installed('old'), new: installed('new') }

/** Version `number` of the application: v11 is larger than v10 because it ships tests, and a secret that step 5 copied. */
export function app(number: number): Image {
  const dependencies = number < 6 ? 'old' : 'new'
  const grown = number >= 11
  return build(
    [
      ...NODE,
      { createdBy: 'WORKDIR /app' },
      {
        createdBy: 'COPY package.json package-lock.json .env ./ # buildkit',
        files: [
          textFile('app/package.json', JSON.stringify({ name: 'app', version: `1.${number}.0` }, null, 2)),
          textFile('app/package-lock.json', `{"lockfileVersion":3,"of":"${dependencies}"}`),
          textFile('app/.env', 'DATABASE_PASSWORD=correct-horse-battery-staple\n'),
        ],
      },
      {
        createdBy: 'RUN /bin/sh -c npm ci --omit=dev && rm .env # buildkit',
        files: DEPENDENCIES[number < 6 ? 'old' : 'new'],
      },
      {
        createdBy: 'COPY . . # buildkit',
        files: [
          file('app/server.js', 41_000, String(number)),
          file('app/public/bundle.js', 1_200_000, String(number)),
          textFile('app/version.txt', `1.${number}.0\nbuilt for the tests\n`),
          ...(grown ? [file('app/test/recordings.bin', 38_000_000)] : []),
        ],
      },
      { createdBy: 'ENV NODE_ENV=production' },
      { createdBy: 'USER node' },
      { createdBy: 'EXPOSE map[8080/tcp:{}]' },
      { createdBy: 'ENTRYPOINT ["node" "server.js"]' },
    ],
    {
      Env: ['PATH=/usr/local/bin:/usr/bin', 'NODE_VERSION=24.2.0', 'NODE_ENV=production'],
      Entrypoint: ['node', 'server.js'],
      User: 'node',
      WorkingDir: '/app',
      ExposedPorts: { '8080/tcp': {} },
      Labels: {
        'org.opencontainers.image.version': `1.${number}.0`,
        'org.opencontainers.image.title': 'app',
      },
    },
  )
}

/** The base that all but one are built on, and the runtime upon it, as images of their own. */
export function debian(): Image {
  return build(DEBIAN)
}

/** The runtime of the application and the worker. */
export function node(): Image {
  return build(NODE)
}

/** A second program upon the same runtime. */
export function worker(): Image {
  return build([
    ...NODE,
    { createdBy: 'WORKDIR /worker' },
    { createdBy: 'COPY worker.js . # buildkit', files: [file('worker/worker.js', 640_000)] },
    { createdBy: 'CMD ["node" "worker.js"]' },
  ])
}

/** A tool upon the base alone, for one architecture of two. */
export function backup(architecture: string): Image {
  return build(
    [
      ...DEBIAN,
      {
        createdBy: '/bin/sh -c apt-get update && apt-get install -y restic',
        files: [file('usr/bin/restic', 8_600_000, architecture)],
      },
      {
        createdBy: 'COPY backup.sh /usr/local/bin/ # buildkit',
        files: [textFile('usr/local/bin/backup.sh', '#!/bin/sh\nrestic backup /data\n')],
      },
      { createdBy: 'ENTRYPOINT ["/usr/local/bin/backup.sh"]' },
    ],
    { Entrypoint: ['/usr/local/bin/backup.sh'] },
    architecture,
  )
}

/** What release pipelines say about an image. */
export function signaturesOf({ manifest }: Image): Image[] {
  return [
    about(manifest, 'application/vnd.dev.cosign.artifact.sig.v1+json', {
      'org.example.signed-by': 'release',
    }),
    about(manifest, 'application/spdx+json', { 'org.opencontainers.image.created': '2026-10-01T12:00:00Z' }),
  ]
}

/** Not in the registry at first: a tool upon the base, to be brought in as an archive. */
export function brought(name: string): Image {
  return build([
    ...DEBIAN,
    { createdBy: `COPY ${name} /usr/local/bin/`, files: [file(`usr/local/bin/${name}`, 3_000_000)] },
    { createdBy: `ENTRYPOINT ["/usr/local/bin/${name}"]` },
  ])
}

/** Two layers that no other image has. */
export function twoLayers(name: string): Image {
  return build([
    { createdBy: `ADD ${name} /`, files: [file(`srv/${name}-1`, 1_500_000)] },
    { createdBy: `COPY ${name} /srv/`, files: [file(`srv/${name}-2`, 2_000_000)] },
  ])
}

/** Shares nothing with the others but the bytes of one layer. */
export function alpineWorker(): Image {
  return build([
    { createdBy: '/bin/sh -c #(nop) ADD file:aa in / ', files: [file('lib/ld-musl-x86_64.so.1', 3_300_000)] },
    { createdBy: 'COPY worker.js . # buildkit', files: [file('worker/worker.js', 640_000)] },
    { createdBy: 'CMD ["node" "worker.js"]' },
    {
      createdBy: 'RUN /bin/sh -c /worker/install # buildkit',
      files: [
        textFile('etc/worker.conf', 'queue=mail\n'),
        link('opt/worker', 'symbolic', '../etc'),
        link('worker/worker.conf', 'symbolic', '/opt/worker/worker.conf'),
        link('worker/lost', 'symbolic', 'nowhere'),
        link('worker/again.js', 'hard', 'worker/worker.js'),
      ],
    },
  ])
}

/** A small image of its own for each name: to be deleted, moved and kept. */
export function spare(name: string): Image {
  return build([{ createdBy: `COPY ${name}.txt /`, files: [textFile(`${name}.txt`, name.repeat(1000))] }])
}

/** As many layers as an image may have that is run. */
export function manySteps(): Image {
  return build(
    Array.from({ length: 127 }, (_, index) => ({
      createdBy: `COPY part-${index} /srv/`,
      files: [textFile(`srv/part-${index}`, `part ${index}`)],
    })),
  )
}

/** A thousand lines of a build, of which every hundredth made a layer. */
export function thousandSteps(): Image {
  return build(
    Array.from({ length: 1000 }, (_, index) =>
      index % 100 === 0
        ? { createdBy: `COPY part-${index} /srv/`, files: [textFile(`srv/part-${index}`, `part ${index}`)] }
        : { createdBy: `ENV LINE_${index}=${index}` },
    ),
  )
}

const SCRIPT = '<script>window.pwned=1</script>'

/** An image whose every text tries to be something else. */
export function hostile(): Image {
  return build(
    [
      { createdBy: `RUN echo "${SCRIPT}"`, files: [textFile('index.html', `<!doctype html>${SCRIPT}`)] },
      {
        createdBy: 'COPY <img src=x onerror=window.pwned=1> /\u202Egpj.exe',
        files: [
          textFile('<img src=x onerror=window.pwned=1>', 'markup in a name'),
          textFile(
            'picture.svg',
            `<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1">${SCRIPT}</svg>`,
          ),
          textFile('line\nbreak\u001b[31m.txt', 'control characters'),
          textFile('invoice\u202Efdp.exe', 'turned around'),
          textFile('javascript:alert(1)', 'an address'),
          textFile(`${'very-'.repeat(17)}long`, 'long'),
        ],
      },
      { createdBy: `ENV X="${'A'.repeat(3000)}"` },
      { createdBy: '\u0000\u0007LABEL "quoted\'`${7*7}`{{7*7}}' },
    ],
    {
      Env: [`HTML=${SCRIPT}`, 'BIDI=\u202Eabc'],
      Labels: {
        [SCRIPT]: `"><img src=x onerror=window.pwned=1>`,
        'javascript:': 'javascript:window.pwned=1',
      },
      Cmd: [SCRIPT],
      User: SCRIPT,
    },
  )
}
