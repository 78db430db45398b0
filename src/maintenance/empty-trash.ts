import { type BlobStore, blobLocation } from '../../storage/blobs/blob-store.ts'
import { keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { isHeld } from './backup/holds.ts'
import type { WorkParts } from './job.ts'
import { recordsOf } from './records-of.ts'
import { chunksOf, eachOf } from './side-by-side.ts'

/** What one call can remove on S3. */
const PAGE = 1000
/** Pages that are being removed at the same time: an S3 takes a second for each. */
const PAGES = 4
/** Entries that one commit takes from the queue. */
const AT_ONCE = 100
/** So many are worth a thread of their own. */
const MUCH = 8

/** What a run needs: of the blobs, that they can be removed. */
interface TrashParts extends WorkParts {
  readonly blobs: Pick<BlobStore, 'removeMany'>
}

/** Removes the bytes whose time in the trash is over. Locations are never used twice, so no check is needed. */
export async function emptyTrash(parts: TrashParts, signal: AbortSignal): Promise<void> {
  await eachOf(duePages(parts, signal), PAGES, async (due) => {
    // One after the other: side by side they would be one long turn of the event loop.
    for (const done of chunksOf(await removeAll(parts, due), AT_ONCE)) {
      await parts.rest()
      await parts.metadata.commit({ checks: [], sets: [], deletes: done })
      parts.progress(done.length)
    }
  })
}

async function* duePages(parts: TrashParts, signal: AbortSignal): AsyncGenerator<Item[]> {
  let page: Item[] = []
  for await (const item of dueItems(parts)) {
    page.push(item)
    if (page.length < PAGE) continue
    if (!(await mayRemove(parts, signal))) return
    yield page
    page = []
    await parts.pace()
  }
  if (page.length > 0 && (await mayRemove(parts, signal))) yield page
}

/** Asked after the look at a page: a backup that begins later names nothing that was in the trash then. */
async function mayRemove(parts: TrashParts, signal: AbortSignal): Promise<boolean> {
  return !signal.aborted && !(await isHeld(parts))
}

/** Each is given once: items that cannot be removed wait for the next run, and hold up no others. */
async function* dueItems(parts: TrashParts): AsyncGenerator<Item> {
  for await (const { key } of recordsOf(parts.metadata, 'trash')) {
    const item = itemOf(key)
    if (item.due > parts.now()) return
    yield { key, ...item }
    await parts.rest()
  }
}

/** Whether something in the trash is due. */
export async function trashIsDue(parts: WorkParts): Promise<boolean> {
  return areDue(parts, 1)
}

/** Whether more of it is due than is removed in a moment. */
export async function muchTrashIsDue(parts: WorkParts): Promise<boolean> {
  return areDue(parts, MUCH)
}

async function areDue({ metadata, now }: WorkParts, count: number): Promise<boolean> {
  const last = (await metadata.range({ prefix: keys.allTrash(), limit: count }))[count - 1]
  return last !== undefined && itemOf(last.key).due <= now()
}

interface Item {
  readonly key: Uint8Array
  readonly due: number
  readonly location: string
}

function itemOf(key: Uint8Array): Omit<Item, 'key'> {
  const reader = new TupleReader(key)
  return { due: Number(reader.uint64()), location: reader.text() }
}

/** Gives the keys of those whose bytes are gone. */
async function removeAll(parts: TrashParts, items: readonly Item[]): Promise<Uint8Array[]> {
  if (items.length === 0) return []
  const failures = await parts.blobs.removeMany(items.map(({ location }) => blobLocation(location)))
  const failed = new Map<string, unknown>(failures.map(({ location, error }) => [location, error]))
  const done: Uint8Array[] = []
  for (const { key, location } of items) {
    const removed = await parts.attempt(`bytes at ${location}`, () =>
      failed.has(location) ? Promise.reject(failed.get(location)) : Promise.resolve(true),
    )
    if (removed === true) done.push(key)
    await parts.rest()
  }
  return done
}
