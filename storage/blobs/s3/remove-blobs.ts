import { type BlobLocation, blobLocation, type FailedRemoval } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { dataKeyAt } from './layout.ts'

/** Keys that one call may name. */
const BATCH = 1000

/** A blob to be removed, and where its bytes are. */
interface Placed {
  readonly location: BlobLocation
  readonly dataKey: string
}

/** As BlobStore.removeMany. */
export async function removeBlobs(
  bucket: Bucket,
  locations: readonly BlobLocation[],
): Promise<readonly FailedRemoval[]> {
  const placed: Placed[] = []
  for (const location of locations) {
    const dataKey = dataKeyAt(location)
    if (dataKey !== undefined) placed.push({ location, dataKey })
  }
  const batches: Promise<readonly FailedRemoval[]>[] = []
  for (let at = 0; at < placed.length; at += BATCH)
    batches.push(removeBatch(bucket, placed.slice(at, at + BATCH)))
  return (await Promise.all(batches)).flat()
}

/** Bytes first: those whose marker is gone would be found by nobody. */
async function removeBatch(bucket: Bucket, placed: readonly Placed[]): Promise<readonly FailedRemoval[]> {
  const byData = new Map(placed.map((one) => [one.dataKey, one.location]))
  const failed = new Map<BlobLocation, FailedRemoval>()
  const note = (location: BlobLocation | undefined, error: unknown): void => {
    if (location !== undefined) failed.set(location, { location, error })
  }
  for (const { key, error } of await removeOrFail(bucket, [...byData.keys()])) note(byData.get(key), error)
  const markers = placed.flatMap(({ location, dataKey }) =>
    dataKey === location || failed.has(location) ? [] : [location],
  )
  for (const { key, error } of await removeOrFail(bucket, markers)) note(blobLocation(key), error)
  return [...failed.values()]
}

async function removeOrFail(bucket: Bucket, keys: readonly string[]): ReturnType<Bucket['remove']> {
  try {
    return await bucket.remove(keys)
  } catch (error) {
    return keys.map((key) => ({ key, error }))
  }
}
