import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startRegistryOnS3 } from '../bench/peers.ts'
import { type Row, renderReport } from '../bench/report.ts'
import { forgetPeak, resident } from '../bench/resident.ts'
import { Samples } from '../bench/statistics.ts'
import { laminaToken, REPOSITORY, type Subject } from '../bench/subject.ts'
import { closingTime, download, push, RandomFile, timed } from '../bench/work.ts'
import { fewAtOnce } from '../few-at-once.ts'
import { Cluster, Stores } from '../servers/cluster.ts'
import { Lamina } from '../servers/lamina.ts'
import { S3 } from '../servers/s3.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'

// `npm run bench:s3 [-- PART…]`: pushes and pulls beside Debian's registry with its S3 driver, both on the same radosgw.
const MIB = 2 ** 20
const GIB = 2 ** 30
const BUCKET = 'bench'
const AT_ONCE = 5
const LAYERS = 50
const MEMORY_LIMIT = 300

const rounds = Number(process.env['ROUNDS'] ?? 3)
const largest = Number(process.env['CLOSING_GIB'] ?? 5)
const rows: Row[] = []

/** Both registries on one fresh S3. */
interface World {
  readonly folder: string
  readonly lamina: Subject
  readonly peer: Subject
}

async function inWorld(name: string, measure: (world: World) => Promise<Row[]>): Promise<Row[]> {
  const scratch = await scratchFolder(`bench-${name}`)
  const s3 = await S3.start({ name: `bench-s3-${name}`, capacity: 16 * GIB })
  await s3.createBucket(BUCKET)
  const data = path.join(scratch.path, 'data')
  // A benchmark may take longer than a token of five minutes.
  const env = { ...s3.environment(`${BUCKET}/lamina`), LAMINA_TOKEN_SECONDS: '3600' }
  const server = await Lamina.start({ name: 'bench-lamina-s3', data, env })
  const other = await startRegistryOnS3(scratch.path, s3, BUCKET)
  try {
    const headers = { authorization: `Bearer ${await laminaToken(server.url)}` }
    return await measure({
      folder: scratch.path,
      lamina: { name: 'lamina', url: server.url, pid: server.pid, headers },
      peer: { name: 'docker-registry', url: other.url, pid: other.server.pid, headers: {} },
    })
  } finally {
    await other.server.stop()
    await server.stop()
    await s3.stop()
    await scratch.remove()
  }
}

/** Files of 20 MiB, each another content. */
async function makeLayers(folder: string, count: number): Promise<RandomFile[]> {
  const files: RandomFile[] = []
  for (let at = 0; at < count; at++) {
    const own = path.join(folder, `layer-${at}`)
    await mkdir(own)
    const file = new RandomFile(own, 20 * MIB)
    await file.make()
    files.push(file)
  }
  return files
}

async function digestOfFile(file: string): Promise<string> {
  const { output } = await timed('sha256sum', [file])
  return `sha256:${output.split(' ', 1)[0] ?? ''}`
}

/** One layer of 1 GiB. */
async function oneLayer({ folder, lamina, peer }: World): Promise<Row[]> {
  const [pushes, pulls] = [new Samples(), new Samples()]
  const file = new RandomFile(folder, GIB)
  await file.make()
  await forgetPeak(lamina.pid)
  for (let round = 0; round < rounds; round++) {
    await file.stamp(round)
    const digest = await digestOfFile(file.path)
    for (const subject of [peer, lamina]) {
      pushes.add(subject.name, await push(subject, file.path, digest))
      const url = `${subject.url}/v2/${REPOSITORY}/blobs/${digest}`
      pulls.add(subject.name, await download(url, file.bytes, subject.headers))
    }
  }
  return [...compared('1 GiB in one layer', pushes, pulls), await memoryRow(lamina, '1 GiB in one layer')]
}

/** As many layers as 1 GiB takes at 20 MiB, five at a time as docker does. */
async function manyLayers({ folder, lamina, peer }: World): Promise<Row[]> {
  const [pushes, pulls] = [new Samples(), new Samples()]
  const files = await makeLayers(folder, LAYERS)
  await forgetPeak(lamina.pid)
  for (let round = 0; round < rounds; round++) {
    const digests: string[] = []
    for (const file of files) {
      await file.stamp(round)
      digests.push(await digestOfFile(file.path))
    }
    const each = (act: (file: RandomFile, digest: string) => Promise<unknown>): Promise<number> =>
      clocked(() => fewAtOnce(AT_ONCE, files.entries(), ([at, file]) => act(file, digests[at] ?? '')))
    for (const subject of [peer, lamina]) {
      pushes.add(subject.name, await each((file, digest) => push(subject, file.path, digest)))
      const blobs = `${subject.url}/v2/${REPOSITORY}/blobs/`
      pulls.add(
        subject.name,
        await each((file, digest) => download(blobs + digest, file.bytes, subject.headers)),
      )
    }
  }
  const what = `${LAYERS} layers of 20 MiB, ${AT_ONCE} at a time`
  return [...compared(what, pushes, pulls), await memoryRow(lamina, what)]
}

/** Twenty clients that push five layers each, all at the same time. */
async function manyClients({ folder, lamina }: World): Promise<Row[]> {
  const files = await makeLayers(folder, 100)
  const digests: string[] = []
  for (const file of files) digests.push(await digestOfFile(file.path))
  await forgetPeak(lamina.pid)
  await Promise.all(files.map((file, at) => push(lamina, file.path, digests[at] ?? '')))
  return [await memoryRow(lamina, '20 pushes of 5 layers of 20 MiB at once')]
}

/** The bytes of an upload go to one replica, the PUT that closes it to another. */
async function closing(): Promise<Row[]> {
  const scratch = await scratchFolder('bench-closing')
  const stores = await Stores.start('bench-closing', { capacity: 16 * GIB })
  const cluster = await Cluster.start({
    name: 'bench-closing',
    stores,
    env: { LAMINA_TOKEN_SECONDS: '3600' },
  })
  try {
    const file = new RandomFile(scratch.path, largest * GIB)
    await file.make()
    const digest = await digestOfFile(file.path)
    const { url, pid } = cluster.replica(0)
    const headers = { authorization: `Bearer ${await laminaToken(url)}` }
    const sender = { name: 'lamina', url, pid, headers }
    const seconds = await closingTime(sender, file.path, digest, cluster.replica(1).url)
    return [
      {
        what: `closing PUT of ${largest} GiB, at another replica than its PATCH`,
        value: `${(seconds * 1000).toFixed(0)} ms`,
        beside: '',
        target: '< 1 s',
        met: seconds < 1,
      },
    ]
  } finally {
    await cluster.stop()
    await stores.stop()
    await scratch.remove()
  }
}

async function clocked(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return (performance.now() - begun) / 1000
}

function compared(what: string, pushes: Samples, pulls: Samples): Row[] {
  const row = (verb: string, samples: Samples, target: string, factor: number): Row => {
    const [own, other] = [samples.median('lamina'), samples.median('docker-registry')]
    return {
      what: `${verb} of ${what}`,
      value: `${own.toFixed(1)} s`,
      beside: `docker-registry ${other.toFixed(1)} s: ${(other / own).toFixed(2)} × as fast`,
      target,
      met: other / own >= factor,
    }
  }
  return [
    row('push', pushes, '≥ 2 × as fast', 2),
    // Both proxy: 5 % is noise.
    row('pull', pulls, 'not slower', 0.95),
  ]
}

async function memoryRow({ pid }: Subject, during: string): Promise<Row> {
  const { peak } = await resident(pid)
  return {
    what: `resident memory, ${during}`,
    value: `peak ${peak.toFixed(0)} MB`,
    beside: '',
    target: `< ${MEMORY_LIMIT} MB`,
    met: peak < MEMORY_LIMIT,
  }
}

const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  one: () => inWorld('one', oneLayer),
  many: () => inWorld('many', manyLayers),
  clients: () => inWorld('clients', manyClients),
  closing,
}
const asked = process.argv.slice(2)
for (const [name, measure] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  for (const row of await measure()) {
    console.log([row.what, row.value, row.beside, row.met ? 'met' : 'missed'].filter(Boolean).join(' | '))
    rows.push(row)
  }
}
const date = new Date().toISOString().slice(0, 10)
const report = path.join(projectRoot, `docs/benchmarks/${[date, 's3', ...asked].join('-')}.md`)
await writeFile(report, await renderReport(date, `on S3 (npm run bench:s3, ${rounds} rounds)`, rows))
console.log(report)
