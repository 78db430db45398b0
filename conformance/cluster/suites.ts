import { driveClients } from '../clients/drive.ts'
import { mainRuns, runMainSuite } from '../official/main-suite.ts'
import type { Report } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import type { StartRegistry } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'

/** Ways to run the official suite here: the other ones differ in what the balancer has to do. */
const OFFICIAL = ['main-http-auth', 'main-tls-auth']

function starter(stores: Stores): StartRegistry {
  return (options) => Cluster.start({ ...options, name: `cluster-${options.name}`, stores })
}

/** The official suite at its strictest, through the balancer. */
export async function officialSuites(stores: Stores, report: Report): Promise<void> {
  const scratch = await scratchFolder('certificates')
  try {
    const certificates = await makeCertificates(scratch.path, ['localhost', '127.0.0.1'])
    const parts = { certificates, start: starter(stores) }
    const runs = mainRuns.filter(({ name }) => OFFICIAL.includes(name))
    // Side by side: the suite asks one thing after the other, and waits for answers most of the time.
    await Promise.all(runs.map((run) => runMainSuite({ ...run, name: `cluster-${run.name}` }, report, parts)))
  } finally {
    await scratch.remove()
  }
}

/** Every client through the balancer, over http; the recording proxy stands before it. */
export async function clientScenarios(stores: Stores, report: Report): Promise<void> {
  const scratch = await scratchFolder('clients')
  const asked = process.env['CLIENTS']?.split(' ') ?? []
  try {
    await driveClients({ report, start: starter(stores), asked, folder: scratch.path, tls: undefined })
  } finally {
    await scratch.remove()
  }
}
