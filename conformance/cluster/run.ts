import { messageOf, Report } from '../report.ts'
import { Stores } from '../servers/cluster.ts'
import { asynchronousFailover } from './asynchronous.ts'
import { clockScenario } from './clocks.ts'
import { documentedCommand } from './documented.ts'
import { postgresFaults } from './faults-postgres.ts'
import { replicaFaults } from './faults-replicas.ts'
import { s3Faults } from './faults-s3.ts'
import { migrateScenario } from './migrate.ts'
import { postgresTls } from './postgres-tls.ts'
import { protocolSuite } from './protocol.ts'
import { pullTheCable } from './pull-cable.ts'
import { replicaScenarios } from './replicas.ts'
import { clientScenarios, officialSuites } from './suites.ts'

// `npm run test:cluster [-- PART…]`: several replicas on PostgreSQL and S3, behind nginx that sends each request to the
// next one.
const report = new Report('cluster')
const stores = await Stores.start('cluster')
const parts: Readonly<Record<string, () => Promise<void>>> = {
  documented: () => documentedCommand(report),
  official: () => officialSuites(stores, report),
  clients: () => clientScenarios(stores, report),
  protocol: () => protocolSuite(stores, report),
  cable: () => pullTheCable(report),
  migrate: () => migrateScenario(stores, report),
  replicas: () => replicaScenarios(stores, report),
  'replica-faults': () => replicaFaults(stores, report),
  clocks: () => clockScenario(stores, report),
  's3-faults': () => s3Faults(stores, report),
  'postgres-faults': () => postgresFaults(report),
  'postgres-tls': () => postgresTls(report),
  asynchronous: () => asynchronousFailover(report),
}
const asked = [...process.argv.slice(2), ...(process.env['CLUSTER_PARTS']?.split(' ') ?? [])]
try {
  for (const [name, run] of Object.entries(parts)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    // What a part cannot even start with fails that part, not the run.
    await run().catch((error: unknown) => report.fail(`cluster: ${name}`, messageOf(error)))
  }
} finally {
  await stores.stop()
}
report.finish()
