import { Report } from '../report.ts'
import { S3 } from '../servers/s3.ts'
import { contractScenarios } from './contract.ts'
import { faultScenarios } from './faults.ts'
import { pullScenarios } from './pulls.ts'
import { serverScenarios } from './server.ts'
import { startScenarios } from './start.ts'
import { BUCKET } from './world.ts'

// `npm run test:s3`: everything that needs a real S3. It is Ceph's, which servers/install.sh brings.
const report = new Report('s3')
const s3 = await S3.start()
try {
  await s3.createBucket(BUCKET)
  await serverScenarios(report, s3)
  await startScenarios(report, s3)
  await pullScenarios(report, s3)
  await faultScenarios(report, s3)
  await contractScenarios(report, s3)
} finally {
  await s3.stop()
}
report.finish()
