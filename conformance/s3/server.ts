import { setTimeout as sleep } from 'node:timers/promises'
import { expect, type Report } from '../report.ts'
import type { S3 } from '../servers/s3.ts'

/** The faults that other scenarios count on are real: a hanging gateway answers nothing, a killed one keeps its data. */
export async function serverScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario('s3: the gateway hangs, dies and comes back with its data', async () => {
    const bucket = 'harness'
    await s3.createBucket(bucket)
    await s3.requests.must('PUT', `/${bucket}/a`, { body: Buffer.from('kept') })
    await s3.requests.must('POST', `/${bucket}/b`, { query: { uploads: '' } })
    await s3.hang()
    const listing = s3.requests.objects(bucket)
    const first = await Promise.race([listing.then(() => 'answered'), sleep(1000, 'silent')])
    s3.wake()
    expect(first === 'silent', 'a stopped gateway answered')
    expect((await listing).get('a') === 4, 'the answer after the pause is not right')
    await s3.kill()
    await s3.restart()
    expect((await s3.requests.objects(bucket)).get('a') === 4, 'an object was lost')
    const open = await s3.requests.openUploads(bucket)
    expect(open.length === 1 && open[0]?.startsWith('b ') === true, `open uploads: ${open.join(', ')}`)
    return 'one object, one multipart upload'
  })
}
