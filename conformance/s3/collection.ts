import { randomUUID } from 'node:crypto'
import { makeImage } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { KMS_KEY, type S3 } from '../servers/s3.ts'
import { BUCKET, inWorld, untilDone, type World } from './world.ts'

const REPOSITORY = 's3/collected'

/** What the collector and the sweep take from a bucket, and what they must not. */
export async function collectionScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario(
    's3 collection: what nobody uses goes, encrypted as it is; what is not ours stays',
    () =>
      inWorld(s3, 'collected', collect, {
        LAMINA_S3_ENCRYPTION: 'kms',
        LAMINA_S3_KMS_KEY: KMS_KEY,
        LAMINA_GRACE: '3s',
        LAMINA_COLLECT_EVERY: '200ms',
        LAMINA_SWEEP_EVERY: '1s',
      }),
  )
}

async function collect(world: World): Promise<string> {
  const { client, prefix } = world
  const foreign = foreignKeys(prefix)
  for (const key of foreign) await write(world, key)
  const orphans = orphanKeys(prefix)
  for (const key of orphans) await write(world, key)
  const [kept, gone] = ['kept', 'gone'].map((seed) =>
    makeImage({
      layers: [
        { seed, size: 5000 },
        { seed: `${seed}-large`, size: 9_000_000 },
      ],
    }),
  )
  if (kept === undefined || gone === undefined) throw new Error('two images are needed')
  // Whoever takes longer than the grace between a layer and its manifest begins again.
  await untilDone(() => client.pushImage(REPOSITORY, kept, 'kept'))
  await untilDone(() => client.pushImage(REPOSITORY, gone, 'gone'))
  const path = `/v2/${REPOSITORY}/manifests/${gone.manifest.digest}`
  const deleted = await client.request('DELETE', path)
  expect(deleted.status === 202, `DELETE answered ${deleted.status}`)
  const wanted = [gone.config, ...gone.layers].map(({ digest }) => digest.slice('sha256:'.length))
  await untilDone(async () => {
    const keys = await keysOf(world)
    const left = [
      ...orphans.filter((key) => keys.includes(key)),
      ...keys.filter((key) => wanted.some((hex) => key.includes(hex))),
    ]
    expect(left.length === 0, `still there: ${left.join(' ')}`)
  }, 120_000)
  for (const { digest } of [kept.config, ...kept.layers]) await client.checkBlob(REPOSITORY, digest)
  for (const key of foreign) {
    const body = await world.s3.requests.must('GET', `/${BUCKET}/${key}`)
    expect(body.toString() === key, `${key} came back as ${body.toString()}`)
  }
  return `${wanted.length} blobs and ${orphans.length} leftovers gone, ${foreign.length} objects of others untouched`
}

/** Of other programs, in places where this one has objects of its own. */
function foreignKeys(prefix: string): string[] {
  return [
    `${prefix}/data/report.csv`,
    `${prefix}/logs/today`,
    `${prefix}/sha256/ab/notes.txt`,
    `${prefix}/sha256/ab/cat.blob`,
    `${prefix}/uploads/holiday/photo.jpg`,
    `${prefix}/uploads/readme`,
    `${prefix}-other/data/report.csv`,
  ]
}

/** As a replica leaves them that died: finished blobs, and a piece of an upload, of which no record speaks. */
function orphanKeys(prefix: string): string[] {
  const id = randomUUID()
  const blob = `${prefix}/sha256/ab/${'ab'.repeat(32)}`
  return [
    `${prefix}/data/${id}`,
    `${blob}.${id}.3`,
    `${blob}.${randomUUID()}.3.blob`,
    `${prefix}/uploads/${randomUUID()}/${randomUUID()}`,
  ]
}

async function write({ s3 }: World, key: string): Promise<void> {
  await s3.requests.must('PUT', `/${BUCKET}/${key}`, { body: Buffer.from(key) })
}

async function keysOf({ s3, prefix }: World): Promise<string[]> {
  return [...(await s3.requests.objects(BUCKET, `${prefix}/`)).keys()]
}
