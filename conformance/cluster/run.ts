import { fewAtOnce } from '../few-at-once.ts'
import { messageOf, Report } from '../report.ts'
import { Stores } from '../servers/cluster.ts'
import { asynchronousFailover } from './asynchronous.ts'
import { clockScenarios } from './clocks.ts'
import { documentedCommand } from './documented.ts'
import { postgresFaults } from './faults-postgres.ts'
import { replicaFaults } from './faults-replicas.ts'
import { s3Faults } from './faults-s3.ts'
import { inspectScenarios } from './inspect.ts'
import { migrateScenario } from './migrate.ts'
import { postgresTls } from './postgres-tls.ts'
import { protocolSuite } from './protocol.ts'
import { pullTheCable } from './pull-cable.ts'
import { BIG_MIB, replicaScenarios } from './replicas.ts'
import { clientScenarios, officialSuites } from './suites.ts'
import { upkeepScenarios } from './upkeep.ts'

// `npm run test:cluster [-- PART…]`: several replicas on PostgreSQL and S3, behind nginx that sends each request to the
// next one. Parts that hurt a store have stores of their own.

/** Parts under way at the same time: each waits for servers to die, to start and to notice for much of its time. */
const LANES = 2
const report = new Report('cluster')
const stores = await Stores.start('cluster', { capacity: 4 * 2 ** 30 + BIG_MIB * 2 ** 20 })
const parts: Readonly<Record<string, () => Promise<void>>> = {
  documented: () => documentedCommand(report),
  official: () => officialSuites(stores, report),
  clients: () => clientScenarios(stores, report),
  protocol: () => protocolSuite(stores, report),
  cable: () => pullTheCable(report),
  migrate: () => migrateScenario(stores, report),
  replicas: () => replicaScenarios(stores, report),
  inspect: () => inspectScenarios(stores, report),
  upkeep: () => upkeepScenarios(stores, report),
  'replica-faults': () => replicaFaults(stores, report),
  clocks: () => clockScenarios(stores, report),
  's3-faults': () => s3Faults(report),
  'postgres-faults': () => postgresFaults(report),
  'postgres-tls': () => postgresTls(report),
  asynchronous: () => asynchronousFailover(report),
}
const asked = [...process.argv.slice(2), ...(process.env['CLUSTER_PARTS']?.split(' ') ?? [])]
try {
  const chosen = Object.entries(parts).filter(([name]) => asked.length === 0 || asked.includes(name))
  await fewAtOnce(LANES, chosen, ([name, run]) =>
    // What a part cannot even start with fails that part, not the run.
    run().catch((error: unknown) => report.fail(`cluster: ${name}`, messageOf(error))),
  )
} finally {
  await stores.stop()
}
report.finish()
