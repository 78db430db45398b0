import type { Entry } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'
import { type UploadRecord, uploadCodec } from '../records/upload.ts'
import type { JobParts } from './job.ts'

const PAGE = 200

/** Forgets upload sessions that are over, and their bytes. */
export async function expireUploads(parts: JobParts, signal: AbortSignal): Promise<void> {
  for await (const page of pagesOf(parts.metadata, { prefix: keys.uploads(), limit: PAGE })) {
    if (signal.aborted) return
    for (const entry of page) {
      if (await expireIfOver(parts, entry)) parts.progress(1)
      await parts.rest()
    }
    await parts.pace()
  }
}

async function expireIfOver(parts: JobParts, entry: Entry): Promise<boolean> {
  const id = new TupleReader(entry.key).text()
  const expired = await parts.attempt(`upload ${id}`, async () => {
    const record = uploadCodec.decode(entry.value)
    return (
      (record.ended === true || record.expires < parts.now()) && (await expire(parts, { entry, id, record }))
    )
  })
  return expired === true
}

/**
 * The record says first that the session is over, its version checked: who is writing to it right now wins. It goes
 * last: bytes that cannot be removed now are tried again in the next round.
 */
async function expire(
  parts: JobParts,
  upload: { readonly entry: Entry; readonly id: string; readonly record: UploadRecord },
): Promise<boolean> {
  const { entry, id, record } = upload
  const over = await transact(parts.metadata, async (transaction) => {
    const current = await transaction.getChecked(uploadCodec, entry.key)
    if (current?.version !== entry.version) return false
    transaction.set(uploadCodec, entry.key, { ...record, ended: true })
    transaction.delete(keys.uploadOf(record.account, id))
    return true
  })
  if (!over) return false
  await parts.blobs.abort(record.state)
  await parts.metadata.commit({ checks: [], sets: [], deletes: [entry.key] })
  return true
}
