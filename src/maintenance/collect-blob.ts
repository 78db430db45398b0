import type { Transaction, Versioned } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { type BlobRecord, blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { dropLastLink, type HeldLink, holderOf } from '../registry/links.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { trash, trashUnlinked } from '../registry/review.ts'
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
  deleteBlob(transaction, digest, blob)
  trash(transaction, parts, blob.value.location, { digest, name })
  return { action: 'removed', reason: 'no repository holds it', bytes: blob.value.size }
}

/**
 * A link takes its blob along where no other repository holds it: the commit checks the blob's version, and that its
 * holders are this one alone. A review of the blob would find the same later, at twice the cost. Gives the blob's size;
 * undefined, and nothing is done, where others hold it.
 */
export async function dropWithBlob(
  transaction: Transaction,
  parts: KeepingParts,
  link: HeldLink,
): Promise<number | undefined> {
  const { name, sha256 } = link
  const prefix = keys.holders(sha256)
  const holders = await transaction.range({ prefix, limit: 2 })
  const [first] = holders
  if (first === undefined || holders.length > 1 || Buffer.compare(first.key, holderOf(link)) !== 0)
    return undefined
  const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))
  if (blob === undefined) return undefined
  transaction.checkRange(blob.key, prefix, holders)
  await dropLastLink(transaction, link)
  deleteBlob(transaction, sha256, blob)
  trashUnlinked(transaction, parts, blob.value.location, { digest: sha256, name })
  return blob.value.size
}

function deleteBlob(transaction: Transaction, sha256: Digest, { key, value }: Versioned<BlobRecord>): void {
  transaction.delete(key)
  if (value.quarantined !== undefined) transaction.delete(keys.damaged(sha256))
  for (const alias of value.aliases ?? []) transaction.delete(keys.alias(alias))
}
