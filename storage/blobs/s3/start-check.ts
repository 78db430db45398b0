import { randomUUID } from 'node:crypto'
import type { Bucket } from './bucket.ts'
import { type Clock, SYSTEM_CLOCK, withRetries } from './retry.ts'
import { isPassing } from './s3-errors.ts'

const FOLDER = 'start-check/'

/** What a start that was killed left behind is removed by a later one. */
const LEFT_MS = 3_600_000

/**
 * Everything that a push and a collection need: read, write, list, remove, and uploads in parts. Under a key that
 * nobody else has: replicas start side by side, and Ceph answers UnknownError when two work on one key. Rejects with
 * the first failure that does not pass within `patience` milliseconds.
 */
export async function tryOut(bucket: Bucket, patience: number, clock: Clock = SYSTEM_CLOCK): Promise<void> {
  const key = FOLDER + randomUUID()
  await bucket.put(key, { length: 0, open: () => [] })
  await bucket.abandon(await bucket.begin(key))
  const left: string[] = []
  for await (const object of bucket.list(FOLDER))
    if (Date.now() - object.modified.getTime() > LEFT_MS) left.push(object.key)
  await withRetries({ patience, isPassing }, clock, async () => {
    const [failed] = await bucket.remove([key])
    if (failed !== undefined) throw failed.error
  })
  // Without looking at what comes of it: another start may be doing the same.
  await bucket.remove(left.slice(0, 1000))
}
