import { blobLocation } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import type { ExpiryParts } from './expire-uploads.ts'

const PAGE = 200

/** Removes the bytes whose time in the trash is over. Locations are never used twice, so no check is needed. */
export async function emptyTrash(parts: ExpiryParts, signal: AbortSignal): Promise<number> {
  const prefix = keys.allTrash()
  let from = prefix
  let removed = 0
  while (!signal.aborted) {
    const entries = await parts.metadata.range({ prefix, from, limit: PAGE })
    const due = entries.map(({ key }) => ({ key, ...itemOf(key) })).filter((item) => item.due <= parts.now())
    const done: Uint8Array[] = []
    for (const item of due) if (await removeOne(parts, item.location)) done.push(item.key)
    if (done.length > 0) await forget(parts.metadata, done)
    removed += done.length
    const end = due.at(-1)
    if (end === undefined || due.length < PAGE) break
    // Behind what was tried: items that cannot be removed wait for the next round, and hold up no others.
    from = keyAfter(end.key)
  }
  return removed
}

function itemOf(key: Uint8Array): { readonly due: number; readonly location: string } {
  const reader = new TupleReader(key)
  return { due: Number(reader.uint64()), location: reader.text() }
}

async function removeOne(parts: ExpiryParts, location: string): Promise<boolean> {
  try {
    await parts.blobs.remove(blobLocation(location))
    return true
  } catch (error) {
    parts.onError(error, `bytes at ${location}`)
    return false
  }
}

function forget(metadata: MetadataStore, deletes: readonly Uint8Array[]): Promise<void> {
  return metadata.commit({ checks: [], sets: [], deletes })
}
