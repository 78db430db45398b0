import { randomUUID } from 'node:crypto'
import type { BlobStore } from '../blob-store.ts'
import { AwsBucket } from './aws-bucket.ts'
import type { Bucket } from './bucket.ts'
import { Calls } from './calls.ts'
import { claimPrefix } from './owner.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { connect } from './s3-client.ts'
import type { S3Settings } from './settings.ts'
import { startFailure } from './start-failure.ts'

export { S3StartFailed } from './start-failure.ts'

/** At the start S3 has to answer soon, in milliseconds: who set something wrong learns it at once. */
const START_PATIENCE_MS = 3000
const START_STALL_MS = 4000

/**
 * Opens the store in a bucket's prefix, which becomes or is the registry's own. Rejects within seconds with
 * S3StartFailed, whose sentence names the setting that is wrong.
 */
export async function openS3BlobStore(settings: S3Settings, cluster: string): Promise<BlobStore> {
  const first = await briefly(settings)
  try {
    await tried(settings, () => claimPrefix(first, cluster))
    await tried(settings, () => tryOut(first, cluster))
  } finally {
    first.close()
  }
  const bucket = new AwsBucket(await connect(settings), new Calls(settings.patience), settings)
  return createS3BlobStore({ bucket, cluster, memory: settings.memory })
}

/** Tries the prefix as a start does, and leaves nothing there. Rejects with S3StartFailed. */
export async function probeS3(settings: S3Settings): Promise<void> {
  const bucket = await briefly(settings)
  try {
    await tried(settings, () => tryOut(bucket, `probe-${randomUUID()}`))
  } finally {
    bucket.close()
  }
}

/** A bucket that gives up soon. */
function briefly(settings: S3Settings): Promise<AwsBucket> {
  return tried(settings, async () => {
    const connection = await connect(settings, START_STALL_MS)
    return new AwsBucket(connection, new Calls(START_PATIENCE_MS), settings)
  })
}

/** Everything that a push and a collection need: read, write, list, remove, and uploads in parts. */
async function tryOut(bucket: Bucket, name: string): Promise<void> {
  const key = `start-check/${name}`
  await bucket.put(key, { length: 0, open: () => [] })
  await bucket.abandon(await bucket.begin(key))
  for await (const object of bucket.list('start-check/')) if (object.key === key) break
  const [failed] = await bucket.remove([key])
  if (failed !== undefined) throw failed.error
}

async function tried<Result>(settings: S3Settings, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step()
  } catch (error) {
    throw startFailure(error, settings)
  }
}
