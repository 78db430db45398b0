import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { S3Proxy } from '../cluster/s3-proxy.ts'
import { fewAtOnce } from '../few-at-once.ts'
import { digestOf } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { finish } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { S3 } from '../servers/s3.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { BUCKET } from './world.ts'

/** Generous: a busy machine needs some of it to start the program at all. */
const SECONDS = 20

/** Settings that are wrong: the start fails soon, with a sentence that names the setting. */
export async function startScenarios(report: Report, s3: S3): Promise<void> {
  const other = { accessKey: 'stranger', secretKey: 'stranger-secret' }
  await s3.createAccount(other)
  const right = s3.environment(`${BUCKET}/start`)
  const wrong: readonly (readonly [what: string, names: RegExp, change: Record<string, string>])[] = [
    ['a bucket that does not exist', /LAMINA_BLOBS/, { LAMINA_BLOBS: 's3://no-such-bucket/start' }],
    ['a key that does not exist', /AWS_ACCESS_KEY_ID/, { AWS_ACCESS_KEY_ID: 'nobody' }],
    ['a secret of another key', /AWS_SECRET_ACCESS_KEY/, { AWS_SECRET_ACCESS_KEY: 'wrong' }],
    [
      'keys without rights',
      /rights/,
      { AWS_ACCESS_KEY_ID: other.accessKey, AWS_SECRET_ACCESS_KEY: other.secretKey },
    ],
    ['no keys', /AWS_ACCESS_KEY_ID/, NO_KEYS],
    ['an address where nobody listens', /LAMINA_S3_ENDPOINT/, { LAMINA_S3_ENDPOINT: 'http://127.0.0.1:9' }],
    ['a host that does not exist', /LAMINA_S3_ENDPOINT/, { LAMINA_S3_ENDPOINT: 'http://s3.invalid:9000' }],
    [
      'https where http is spoken',
      /LAMINA_S3_ENDPOINT/,
      { LAMINA_S3_ENDPOINT: right['LAMINA_S3_ENDPOINT']?.replace('http:', 'https:') ?? '' },
    ],
    ['a CA file that is not there', /LAMINA_S3_CA/, { LAMINA_S3_CA: '/nowhere/ca.pem' }],
  ]
  await report.scenario('s3 start: wrong settings are named within seconds', async () => {
    await fewAtOnce(3, wrong, ([what, names, change]) => failsToStart(what, names, { ...right, ...change }))
    return wrong.map(([what]) => what).join(', ')
  })
  await report.scenario('s3 start: a hanging S3 is named within seconds', async () => {
    await s3.hang()
    try {
      await failsToStart('a hanging S3', /LAMINA_S3_ENDPOINT/, right)
    } finally {
      s3.wake()
    }
    return ''
  })
  await report.scenario('s3 start: an S3 in trouble for two seconds delays it', () => briefTrouble(s3))
  await report.scenario('s3 start: two registries cannot share a prefix', () => sharedPrefix(right))
  await report.scenario('s3 start: records that speak of blobs do not begin an empty prefix', () =>
    wrongPrefix(s3),
  )
  await report.scenario('s3 start: an authority of one’s own', () => ownAuthority())
}

/** Wherever the SDK may look. */
const NO_KEYS = {
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  AWS_CONFIG_FILE: '/nowhere',
  AWS_EC2_METADATA_DISABLED: 'true',
}

async function failsToStart(
  what: string,
  names: RegExp,
  env: Record<string, string>,
  data?: string,
): Promise<void> {
  const scratch = await scratchFolder('s3-start')
  try {
    const begun = Date.now()
    const { code, stderr, stdout } = await finish(nodeBinary, ['src/main.ts', 'serve'], {
      cwd: projectRoot,
      env: {
        LAMINA_DATA: data ?? scratch.path,
        LAMINA_LISTEN: '127.0.0.1:0',
        LAMINA_ADMIN_PASSWORD: admin.password,
        ...env,
      },
      patience: 60_000,
    })
    const seconds = (Date.now() - begun) / 1000
    const said = `${stderr}\n${stdout}`.slice(-800)
    expect(code !== undefined && code !== 0, `${what}: the server ended with ${String(code)}: ${said}`)
    expect(names.test(stderr), `${what}: its setting is not named: ${said}`)
    expect(!/\n\s+at /.test(stderr), `${what}: a stack trace instead of a sentence: ${said}`)
    expect(seconds < SECONDS, `${what}: noticed only after ${seconds.toFixed(0)} s`)
  } finally {
    await scratch.remove()
  }
}

/** Every call is refused or cut until two seconds have passed since the first one. */
async function briefTrouble(s3: S3): Promise<string> {
  const scratch = await scratchFolder('s3-trouble')
  const proxy = await S3Proxy.start(s3.url)
  let first: number | undefined
  let count = 0
  proxy.treat = () => {
    first ??= Date.now()
    if (Date.now() - first > 2000) return 'pass'
    count += 1
    return count % 2 === 0 ? 'error' : 'cut'
  }
  try {
    const env = s3.environment(`${BUCKET}/trouble`, proxy.url)
    const lamina = await Lamina.start({ name: 'lamina-s3-trouble', data: scratch.path, env })
    await lamina.stop()
    expect(count > 1, 'the start met no trouble')
    return `${count} calls failed before it started`
  } finally {
    await proxy.stop()
    await scratch.remove()
  }
}

async function sharedPrefix(env: Record<string, string>): Promise<string> {
  const scratch = await scratchFolder('s3-owner')
  const first = await Lamina.start({ name: 'lamina-s3-owner', data: path.join(scratch.path, 'one'), env })
  try {
    await failsToStart('another registry’s prefix', /LAMINA_BLOBS.*belongs to another registry/s, env)
  } finally {
    await first.stop()
  }
  // Its own it opens again.
  await first.restart()
  await first.stop()
  await scratch.remove()
  return 'the second is refused, the first starts again'
}

/** A mistake in LAMINA_BLOBS would answer 404 for each image, and take its blobs for damaged also when it is put right. */
async function wrongPrefix(s3: S3): Promise<string> {
  const scratch = await scratchFolder('s3-prefix')
  const blob = { digest: digestOf(Buffer.from('kept')), bytes: Buffer.from('kept') }
  const right = { name: 'lamina-s3-prefix', data: scratch.path, env: s3.environment(`${BUCKET}/right`) }
  let lamina = await Lamina.start(right)
  const client = new RegistryClient(lamina.url)
  await client.pushBlob('s3/prefix', blob)
  await lamina.stop()
  const wrong = s3.environment(`${BUCKET}/wrong`)
  await failsToStart('a prefix without their blobs', /LAMINA_BLOBS.*owner\.json/s, wrong, scratch.path)
  const left = await s3.requests.objects(BUCKET, 'wrong/')
  expect(left.size === 0, `the refused start left ${[...left.keys()].join(' ')}`)
  await lamina.restart()
  await client.checkBlob('s3/prefix', blob.digest)
  await lamina.stop()
  // Who lost the bytes says so, and goes on.
  const { cluster } = z
    .object({ cluster: z.string() })
    .parse(JSON.parse((await s3.requests.must('GET', `/${BUCKET}/right/owner.json`)).toString()))
  const body = Buffer.from(JSON.stringify({ cluster }))
  await s3.requests.must('PUT', `/${BUCKET}/wrong/owner.json`, { body })
  lamina = await Lamina.start({ ...right, env: wrong })
  const again = new RegistryClient(lamina.url)
  await again.pushBlob('s3/prefix', blob)
  await again.checkBlob('s3/prefix', blob.digest)
  for (const one of [client, again]) one.close()
  await lamina.stop()
  await scratch.remove()
  return 'refused; with an owner.json written by hand it starts, and a push brings the blob back'
}

async function ownAuthority(): Promise<string> {
  const scratch = await scratchFolder('s3-tls')
  const tls = await makeCertificates(scratch.path, ['127.0.0.1'])
  const s3 = await S3.start({ name: 's3-tls', tls })
  try {
    await s3.createBucket(BUCKET)
    const env = s3.environment(`${BUCKET}/tls`, s3.tlsUrl)
    await failsToStart('an unknown authority', /LAMINA_S3_CA/, env)
    await failsToStart('a file that is no authority', /LAMINA_S3_CA/, {
      ...env,
      LAMINA_S3_CA: await emptyFile(path.join(scratch.path, 'empty.pem')),
    })
    for (const trust of ['LAMINA_S3_CA', 'NODE_EXTRA_CA_CERTS'] as const) {
      const data = path.join(scratch.path, 'data')
      const lamina = await Lamina.start({ name: 'lamina-s3-tls', data, env: { ...env, [trust]: tls.ca } })
      await lamina.stop()
    }
    return 'refused without it; LAMINA_S3_CA and NODE_EXTRA_CA_CERTS'
  } finally {
    await s3.stop()
    await scratch.remove()
  }
}

async function emptyFile(name: string): Promise<string> {
  await writeFile(name, '')
  return name
}
