import { loadavg } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Blob, digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { Lamina } from '../servers/lamina.ts'
import { Postgres } from '../servers/postgres.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { processorSeconds, processorSecondsOfTree } from './cpu.ts'

/**
 * `node conformance/bench/records.ts`: what records in PostgreSQL bear, fsync on, everything on this machine. 20 clients
 * put manifests of 40 layers under tags of their own in one repository, then as many read them. A commit that met
 * another one and was tried again shows as a transaction that PostgreSQL rolled back.
 */
const CLIENTS = 20
const LAYERS = 40
const SECONDS = Number(process.env['SECONDS'] ?? 10)
const REPOSITORY = 'bench/records'

const image = makeImage({
  layers: Array.from({ length: LAYERS }, (_, index) => ({ seed: `layer${index}`, size: 512 })),
})
const folder = await scratchFolder('bench-records')
const postgres = await Postgres.start({ name: 'bench-postgres', fsync: true })
const lamina = await Lamina.start({
  name: 'bench-records',
  data: folder.path,
  env: { LAMINA_METADATA: postgres.url(), LAMINA_SECRET: 'x'.repeat(32) },
  logFile: path.join(folder.path, 'log'),
})
try {
  const clients = Array.from({ length: CLIENTS }, () => new RegistryClient(lamina.url))
  const [first] = clients
  await first?.pushImage(REPOSITORY, image, 'v1')
  await settled()
  const before = await rolledBack()
  const commits = await rate(clients, (client, name) => client.putManifest(REPOSITORY, variant(name), name))
  const again = (await rolledBack()) - before
  const share = (again / (commits.count + again)) * 100
  console.log(
    `manifests of ${LAYERS} layers, ${CLIENTS} clients: ${commits.perSecond} commits/s (target 200)`,
  )
  console.log(commits.processor)
  console.log(`tried again: ${again} of ${commits.count}, ${share.toFixed(2)} % (target 5 %)`)
  const reads = await rate(clients, async (client) => {
    await client.manifest(REPOSITORY, 'v1')
  })
  console.log(`manifests read by tag, ${CLIENTS} clients: ${reads.perSecond}/s`)
  console.log(reads.processor)
  console.log(
    `load average: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  )
  if (commits.perSecond < 200 || share > 5) process.exitCode = 1
  for (const client of clients) client.close()
} finally {
  await lamina.stop()
  await postgres.remove()
  await folder.remove()
}

/** Another manifest of the same layers. */
function variant(name: string): Image {
  const content = z.looseObject({}).parse(JSON.parse(image.manifest.bytes.toString()))
  const bytes = Buffer.from(JSON.stringify({ ...content, annotations: { name } }))
  const manifest: Blob = { digest: digestOf(bytes), bytes }
  return { ...image, manifest }
}

/** Each client does `work` again and again for SECONDS. */
async function rate(
  clients: readonly RegistryClient[],
  work: (client: RegistryClient, name: string) => Promise<void>,
): Promise<{ count: number; perSecond: number; processor: string }> {
  const before = await processorTimes()
  const begun = performance.now()
  const end = begun + SECONDS * 1000
  let count = 0
  await Promise.all(
    clients.map(async (client, index) => {
      for (let turn = 0; performance.now() < end; turn += 1) {
        await work(client, `t${index}-${turn}`)
        count += 1
      }
    }),
  )
  const perSecond = Math.round((count / (performance.now() - begun)) * 1000)
  const after = await processorTimes()
  const [own, database] = after.map((seconds, at) =>
    (((seconds - (before[at] ?? 0)) / count) * 1000).toFixed(2),
  )
  return {
    count,
    perSecond,
    processor: `processor time of each: Lamina ${own} ms, PostgreSQL ${database} ms`,
  }
}

function processorTimes(): Promise<number[]> {
  return Promise.all([processorSeconds(lamina.pid), processorSecondsOfTree(postgres.pid)])
}

/** The layers are looked into once, which is no work on records: waits, a minute at most, until that is over. */
async function settled(): Promise<void> {
  for (let second = 0; second < 60; second++) {
    const before = await processorSeconds(lamina.pid)
    await sleep(1000)
    if ((await processorSeconds(lamina.pid)) - before < 0.05) return
  }
}

/** Transactions undone so far; the server counts them within a second. */
async function rolledBack(): Promise<number> {
  await sleep(1500)
  return Number(await postgres.sql("select xact_rollback from pg_stat_database where datname = 'postgres'"))
}
