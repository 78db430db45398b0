import type { S3Call } from '../cluster/s3-proxy.ts'
import { expect, type Report } from '../report.ts'
import { KMS_KEY, type S3 } from '../servers/s3.ts'
import {
  BUCKET,
  begin,
  blobPath,
  closing,
  inWorld,
  makeBlob,
  patch,
  pull,
  push,
  type World,
} from './world.ts'

const MiB = 2 ** 20
const KIND = 'x-amz-server-side-encryption'
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id'

/** Bytes that the engine encrypts: with a key of its key service (SSE-KMS), or with its own (SSE-S3). */
export async function encryptionScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario('s3 encryption: SSE-KMS, small, large, in chunks and by range', () =>
    inWorld(
      s3,
      'kms',
      async (world) => {
        await roundTrip(world)
        return `${await encrypted(world)} objects with the key`
      },
      { LAMINA_S3_ENCRYPTION: 'kms', LAMINA_S3_KMS_KEY: KMS_KEY },
    ),
  )
  // This gateway takes the word and encrypts nothing, so what is sent is looked at instead.
  await report.scenario('s3 encryption: SSE-S3 is asked for with every object that is made', () =>
    inWorld(
      s3,
      'sse-s3',
      async (world) => {
        await roundTrip(world)
        return `${askedFor(world)} calls that make an object, each with AES256`
      },
      { LAMINA_S3_ENCRYPTION: 's3' },
    ),
  )
  await report.scenario('s3 encryption: SSE-KMS, pulled straight from the engine', () =>
    inWorld(s3, 'kms-redirect', redirected, {
      LAMINA_S3_ENCRYPTION: 'kms',
      LAMINA_S3_KMS_KEY: KMS_KEY,
      LAMINA_S3_REDIRECT: 'true',
    }),
  )
}

async function roundTrip(world: World): Promise<void> {
  const { client } = world
  const [small, large] = [makeBlob('kms-small', 1000), makeBlob('kms-large', 20 * MiB)]
  for (const blob of [small, large]) {
    await push(world, blob)
    expect((await pull(world, blob)) === blob.bytes.length, 'a blob came back shorter')
  }
  const chunked = await pushInChunks(world)
  const [from, to] = [5 * MiB - 3, 9 * MiB + 7]
  for (const blob of [large, chunked]) {
    const part = await client.request('GET', blobPath(blob), { headers: { range: `bytes=${from}-${to}` } })
    expect(part.status === 206, `a range answered ${part.status}`)
    expect(part.body.equals(blob.bytes.subarray(from, to + 1)), 'a range came back as other bytes')
  }
}

/** How many calls since the start make an object, whole or in parts. Parts are encrypted as their upload began. */
function askedFor({ proxy }: World): number {
  const making = proxy.take().filter(isMaking)
  for (const method of ['PUT', 'POST'])
    expect(
      making.some((call) => call.method === method),
      `no ${method} made an object`,
    )
  for (const { method, path, headers } of making)
    expect(headers[KIND] === 'AES256', `${method} ${path} asks for ${String(headers[KIND])}`)
  return making.length
}

/** PutObject, CopyObject, CreateMultipartUpload. */
function isMaking({ method, path }: S3Call): boolean {
  return (
    (method === 'PUT' && !path.includes('partNumber=')) || (method === 'POST' && /[?&]uploads\b/.test(path))
  )
}

/** Chunks that fill no part leave side objects on their way. */
async function pushInChunks(world: World): Promise<ReturnType<typeof makeBlob>> {
  const blob = makeBlob('kms-chunks', 11 * MiB)
  let location = await begin(world)
  for (let at = 0; at < blob.bytes.length; at += 3 * MiB) {
    const answer = await patch(world, location, blob.bytes.subarray(at, at + 3 * MiB))
    expect(answer.status === 202, `PATCH answered ${answer.status}`)
    location = answer.headers.location ?? location
  }
  const { status } = await world.client.request('PUT', closing(location, blob))
  expect(status === 201, `PUT answered ${status}`)
  expect((await pull(world, blob)) === blob.bytes.length, 'chunks came back shorter')
  return blob
}

async function redirected(world: World): Promise<string> {
  const blob = makeBlob('kms-redirect', 6 * MiB)
  await push(world, blob)
  // The S3 is at 127.0.0.1: seen as localhost the registry has nothing to do with it.
  const headers = { host: `localhost:${world.lamina.port}` }
  const answer = await world.client.request('GET', blobPath(blob), { headers })
  const { location } = answer.headers
  expect(answer.status === 307 && location !== undefined, `GET answered ${answer.status}`)
  const bytes = Buffer.from(await (await fetch(location)).arrayBuffer())
  expect(bytes.equals(blob.bytes), 'the engine gave other bytes')
  return `${await encrypted(world)} objects with the key`
}

/** Asks the engine itself, object by object. */
async function encrypted({ s3, prefix }: World): Promise<number> {
  const objects = [...(await s3.requests.objects(BUCKET, `${prefix}/`)).keys()]
  expect(objects.length > 0, 'there are no objects')
  for (const key of objects) {
    const { headers } = await s3.requests.send('HEAD', `/${BUCKET}/${key}`)
    expect(headers[KIND] === 'aws:kms' && headers[KEY] === KMS_KEY, `${key}: ${String(headers[KIND])}`)
  }
  return objects.length
}
