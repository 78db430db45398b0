import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import type { JobParts } from './job.ts'

const PAGE = 200

/** Removes the bytes whose time in the trash is over. Locations are never used twice, so no check is needed. */
export async function emptyTrash(parts: JobParts, signal: AbortSignal): Promise<void> {
  const prefix = keys.allTrash()
  let from = prefix
  while (!signal.aborted) {
    const entries = await parts.metadata.range({ prefix, from, limit: PAGE })
    const due = entries.map(({ key }) => ({ key, ...itemOf(key) })).filter((item) => item.due <= parts.now())
    const done: Uint8Array[] = []
    for (const { key, location } of due) if (await removeOne(parts, location)) done.push(key)
    if (done.length > 0) await parts.metadata.commit({ checks: [], sets: [], deletes: done })
    parts.progress(done.length)
    const end = due.at(-1)
    if (end === undefined || due.length < PAGE) return
    // Behind what was tried: items that cannot be removed wait for the next round, and hold up no others.
    from = keyAfter(end.key)
    await parts.pace()
  }
}

function itemOf(key: Uint8Array): { readonly due: number; readonly location: string } {
  const reader = new TupleReader(key)
  return { due: Number(reader.uint64()), location: reader.text() }
}

async function removeOne(parts: JobParts, location: string): Promise<boolean> {
  const removed = await parts.attempt(`bytes at ${location}`, async () => {
    await parts.blobs.remove(blobLocation(location))
    return true
  })
  return removed === true
}
