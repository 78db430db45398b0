import { Report } from '../report.ts'
import { S3 } from '../servers/s3.ts'
import { contractScenarios } from './contract.ts'
import { serverScenarios } from './server.ts'

// `npm run test:s3`: everything that needs a real S3. It is Ceph's, which servers/install.sh brings.
const report = new Report('s3')
const s3 = await S3.start()
try {
  await serverScenarios(report, s3)
  await contractScenarios(report, s3)
} finally {
  await s3.stop()
}
report.finish()
