import { blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { trash } from '../registry/review.ts'
import type { Look } from './review-queue.ts'

/**
 * A blob goes when no repository holds it: the commit checks its version and that its range of holders is empty. Its
 * aliases and the note of its damage go with it. Its bytes go to the trash, for those who are reading them.
 */
export const collectBlob: Look = async (transaction, parts, { digest, name }) => {
  if (digest === undefined) return { action: 'kept', reason: 'not a blob' }
  const blob = await transaction.getChecked(blobCodec, keys.blob(digest))
  if (blob === undefined) return { action: 'kept', reason: 'removed before' }
  const holders = keys.holders(digest)
  if ((await transaction.range({ prefix: holders, limit: 1 })).length > 0)
    return { action: 'kept', reason: 'a repository holds it' }
  transaction.checkRange(blob.key, holders, [])
  transaction.delete(blob.key)
  if (blob.value.quarantined !== undefined) transaction.delete(keys.damaged(digest))
  for (const alias of blob.value.aliases ?? []) transaction.delete(keys.alias(alias))
  trash(transaction, parts, blob.value.location, { digest, name })
  return { action: 'removed', reason: 'no repository holds it', bytes: blob.value.size }
}
