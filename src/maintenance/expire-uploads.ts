import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { type UploadRecord, uploadCodec } from '../records/upload.ts'

export interface ExpiryParts {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
  /** Told of an item that failed; the others go on. */
  readonly onError: (error: unknown, what: string) => void
}

const PAGE = 200

/** Forgets upload sessions that are over, and their bytes. Gives their number. */
export async function expireUploads(parts: ExpiryParts, signal: AbortSignal): Promise<number> {
  const prefix = keys.uploads()
  let from = prefix
  let expired = 0
  while (!signal.aborted) {
    const page = await parts.metadata.range({ prefix, from, limit: PAGE })
    for (const entry of page) {
      if (await expireIfOver(parts, entry)) expired += 1
    }
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) break
    from = keyAfter(end.key)
  }
  return expired
}

async function expireIfOver(parts: ExpiryParts, entry: Entry): Promise<boolean> {
  const id = new TupleReader(entry.key).text()
  try {
    const record = uploadCodec.decode(entry.value)
    return record.expires < parts.now() && (await expire(parts, { entry, id, record }))
  } catch (error) {
    parts.onError(error, `upload ${id}`)
    return false
  }
}

/** The record goes first, its version checked: who is writing to the session right now wins. */
async function expire(
  parts: ExpiryParts,
  upload: { readonly entry: Entry; readonly id: string; readonly record: UploadRecord },
): Promise<boolean> {
  const { entry, id, record } = upload
  const gone = await transact(parts.metadata, async (transaction) => {
    const current = await transaction.getChecked(uploadCodec, entry.key)
    if (current?.version !== entry.version) return false
    transaction.delete(entry.key)
    transaction.delete(keys.uploadOf(record.account, id))
    return true
  })
  if (gone) await parts.blobs.abort(record.state)
  return gone
}
