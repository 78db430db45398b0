import path from 'node:path'
import { Report } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { Lamina, type StartRegistry } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { mainRuns, runMainSuite } from './main-suite.ts'
import { runTaggedSuites } from './tagged-suite.ts'

// `npm run test:conformance`: the official suites at their strictest; reports stay in .work/reports.
const report = new Report('official')
const scratch = await scratchFolder('certificates')
try {
  const certificates = await makeCertificates(scratch.path, ['localhost', '127.0.0.1'])
  const start: StartRegistry = (options) =>
    Lamina.start({ ...options, data: path.join(scratch.path, `data-${options.name}`) })
  for (const run of mainRuns) await runMainSuite(run, report, { certificates, start })
  await runTaggedSuites(report)
} finally {
  await scratch.remove()
}
report.finish()
