import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '../report.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { Load } from './load.ts'
import { Promises } from './promises.ts'

/** Rounds of each fault; one in CI. */
const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 1)
/** Runs only faults whose names hold this. */
const ONLY = process.env['FAULT'] ?? ''
/** Images that are pushed after a fault: more than were under way, so that some began after it. */
const MORE = 6
/** How long a store is away, in milliseconds. */
const AWAY = Number(process.env['FAULT_AWAY'] ?? 4000)

/** One way to hurt a cluster, and how it is healed. */
export interface Fault {
  readonly name: string
  /** Does it; resolves when everything is as before. `away` waits for as long as a store is to be away. */
  readonly run: (cluster: Cluster, away: () => Promise<unknown>) => Promise<void>
}

/**
 * Runs faults one after the other under load, on one cluster. After each: pushes go on within two minutes and without
 * a hand, nothing answered 201 is lost, and no client has seen anything but success, 503 with Retry-After, or a broken
 * connection.
 */
export async function faultScenarios(
  parts: { stores: Stores; report: Report; name: string; s3Endpoint?: string },
  faults: readonly Fault[],
): Promise<void> {
  const { stores, report, name, s3Endpoint } = parts
  // Shorter than the faults are long: else every call outlasts them, and no client sees that anything was wrong.
  const env = { LAMINA_S3_PATIENCE: '2s' }
  const cluster = await Cluster.start({
    name,
    stores,
    env,
    ...(s3Endpoint === undefined ? {} : { s3Endpoint }),
  })
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [at, fault] of faults.filter((one) => one.name.includes(ONLY)).entries()) {
        const repository = `fault${at}-${round}/app`
        await report.scenario(`cluster fault: ${fault.name}`, () =>
          hurt({ cluster, stores, fault, repository }),
        )
      }
    }
  } finally {
    await cluster.stop()
  }
}

async function hurt(parts: {
  cluster: Cluster
  stores: Stores
  fault: Fault
  repository: string
}): Promise<string> {
  const { cluster, stores, fault, repository } = parts
  const promises = new Promises()
  const load = new Load({ url: cluster.url, promises, name: repository })
  let recovered: number
  try {
    await load.more(2)
    await fault.run(cluster, () => sleep(AWAY))
    recovered = await load.more(MORE)
  } finally {
    await load.end()
  }
  const met = await load.end()
  return `${MORE} more images ${recovered.toFixed(1)} s after it; ${met}; ${await promises.verify(cluster, stores)}`
}
