import { Report } from '../report.ts'
import { S3 } from '../servers/s3.ts'
import { collectionScenarios } from './collection.ts'
import { contractScenarios } from './contract.ts'
import { copyScenarios } from './copies.ts'
import { encryptionScenarios } from './encryption.ts'
import { faultScenarios } from './faults.ts'
import { promiseScenarios } from './promises.ts'
import { pullScenarios } from './pulls.ts'
import { serverScenarios } from './server.ts'
import { startScenarios } from './start.ts'
import { S3_NAME, virtualHostScenarios } from './virtual-host.ts'
import { BUCKET } from './world.ts'

// `npm run test:s3`: everything that needs a real S3. It is Ceph's, which servers/install.sh brings.
const report = new Report('s3')
const s3 = await S3.start({ dnsName: S3_NAME })
// A gateway of its own, since the scenarios hang and kill theirs: both wait for answers most of the time.
const undisturbed = await S3.start({ name: 's3-contract' })
const contract = contractScenarios(report, undisturbed)
try {
  await s3.createBucket(BUCKET)
  await serverScenarios(report, s3)
  await startScenarios(report, s3)
  await pullScenarios(report, s3)
  await encryptionScenarios(report, s3)
  await virtualHostScenarios(report, s3)
  await collectionScenarios(report, s3)
  await copyScenarios(report, s3)
  await faultScenarios(report, s3)
  await promiseScenarios(report, s3)
} finally {
  await contract
  await undisturbed.stop()
  await s3.stop()
}
report.finish()
