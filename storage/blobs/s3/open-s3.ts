import { NoSpace } from '../../store-errors.ts'
import type { BlobStore } from '../blob-store.ts'
import { AwsBucket } from './aws-bucket.ts'
import { Calls } from './calls.ts'
import { type ClaimOptions, claimPrefix, type Registry } from './owner.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { connect } from './s3-client.ts'
import type { S3Settings } from './settings.ts'
import { tryOut } from './start-check.ts'
import { startFailure } from './start-failure.ts'
import { Tenure } from './tenure.ts'

export { S3StartFailed } from './start-failure.ts'

/**
 * In milliseconds: an S3 that is busy gets time to answer, and who set something wrong learns it within seconds, since
 * wrong keys and buckets are not tried again.
 */
const START_PATIENCE_MS = 6000
const START_STALL_MS = 5000

/** Whose the prefix becomes, and who hears of it when that changes; `settle` as in Tenure. */
interface S3Opening {
  readonly registry: Registry
  readonly settle: number
  readonly notice: (sentence: string, cause: unknown) => void
}

/**
 * Opens the store in a bucket's prefix, which becomes or is the registry's own; options as in claimPrefix. Rejects
 * within seconds with S3StartFailed, whose sentence names the setting that is wrong.
 */
export async function openS3BlobStore(
  settings: S3Settings,
  { registry, settle, notice, ...claim }: S3Opening & ClaimOptions,
): Promise<BlobStore> {
  const first = await briefly(settings)
  try {
    await tried(settings, () => claimPrefix(first, registry, claim))
    await tried(settings, () => unlessFull(tryOut(first, START_PATIENCE_MS)))
  } finally {
    first.close()
  }
  const bucket = new AwsBucket(await connect(settings), new Calls(settings.patience), settings)
  const tenure = new Tenure({ bucket, registry, settle, notice })
  tenure.begin()
  return createS3BlobStore({ bucket, tenure, memory: settings.memory })
}

/** A bucket that is full gives what it has, and room is made by deleting: a registry on it starts. */
async function unlessFull(trial: Promise<void>): Promise<void> {
  try {
    await trial
  } catch (error) {
    if (!(error instanceof NoSpace)) throw error
  }
}

/** Tries the prefix as a start does, and leaves nothing there. Rejects with S3StartFailed. */
export async function probeS3(settings: S3Settings): Promise<void> {
  const bucket = await briefly(settings)
  try {
    await tried(settings, () => tryOut(bucket, START_PATIENCE_MS))
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

async function tried<Result>(settings: S3Settings, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step()
  } catch (error) {
    throw startFailure(error, settings)
  }
}
