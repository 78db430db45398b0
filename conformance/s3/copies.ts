import { cp } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import type { S3 } from '../servers/s3.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { BUCKET, makeBlob, untilDone } from './world.ts'

const REPOSITORY = 's3/copied'
/** So long a start removes nothing, and six times in it each process looks whose the bucket is. */
const SETTLE_MS = 6000
const PREFIX = 'copies'

/** Two registries on one bucket with copies of the same records: each would take what the other was given for leftovers. */
export async function copyScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario(
    's3 copies: of two copies of the same records that use a bucket one gives way, and no byte of the other goes',
    async () => {
      const scratch = await scratchFolder('s3-copies')
      try {
        return await copied(s3, scratch.path)
      } finally {
        await scratch.remove()
      }
    },
  )
}

async function copied(s3: S3, folder: string): Promise<string> {
  const env = {
    ...s3.environment(`${BUCKET}/${PREFIX}`),
    LAMINA_GRACE: `${SETTLE_MS / 1000}s`,
    LAMINA_COLLECT_EVERY: '200ms',
    LAMINA_SWEEP_EVERY: '1s',
  }
  const place = (name: string): string => path.join(folder, name)
  const start = (name: string): Promise<Lamina> =>
    Lamina.start({ name: `s3-copies-${name}`, data: place(name), env })
  const original = await start('original')
  const client = new RegistryClient(original.url)
  const pulls: (() => Promise<void>)[] = []
  const push = async (seed: string): Promise<void> => {
    const image = makeImage({ layers: [{ seed, size: 5000 }] })
    await untilDone(() => client.pushImage(REPOSITORY, image, seed))
    pulls.push(async () => {
      for (const { digest } of [image.config, ...image.layers]) await client.checkBlob(REPOSITORY, digest)
    })
  }
  await push('before')
  await original.stop()
  await cp(place('original'), place('older'), { recursive: true })
  await original.restart()
  await refused(() => start('older'))
  await sleep(SETTLE_MS * 1.5)
  // The disk as it is now, copied under the server's feet: its records know the original's last start.
  await cp(place('original'), place('newer'), { recursive: true, filter: isRecord })
  const newer = await start('newer')
  await push('beside')
  await sleep(SETTLE_MS * 2)
  await push('later')
  for (const pull of pulls) await pull()
  expect((await client.request('GET', '/readyz')).status === 200, 'the original is not ready')
  await givenWay(newer)
  await newer.stop()
  await refused(() => start('newer'))
  await original.stop()
  // Who knows that a copy is what is to go on says so.
  await s3.requests.must('DELETE', `/${BUCKET}/${PREFIX}/owner.json`)
  await (await start('newer')).stop()
  await refused(() => original.restart())
  client.close()
  return `${pulls.length} images pulled; both copies refused, and one of them taken when the operator said so`
}

/** Not what belongs to the process. */
function isRecord(name: string): boolean {
  return !/\.sock$|LOCK$/.test(name)
}

async function refused(start: () => Promise<unknown>): Promise<void> {
  const error = await start().then(
    () => undefined,
    (reason: unknown) => String(reason),
  )
  expect(error !== undefined, 'a copy of the records was started on the bucket of the original')
  expect(/copy of these.*owner\.json/s.test(error), `it ended for another reason: ${error.slice(-500)}`)
}

async function givenWay(copy: Lamina): Promise<void> {
  const client = new RegistryClient(copy.url)
  expect((await client.request('GET', '/readyz')).status === 503, 'the copy is ready')
  const pushed = await client.pushBlob(REPOSITORY, makeBlob('to the copy', 1000)).then(
    () => 'taken',
    (error: unknown) => String(error),
  )
  expect(pushed.includes('503'), `a blob that the original would sweep was ${pushed}`)
  expect(
    copy.log.some((line) => line.includes('a copy of these records')),
    'the log of the copy does not say why',
  )
  client.close()
}
