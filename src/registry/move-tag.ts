import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { tagCodec, taggedCodec, tagLogCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'

/** Who changes a tag, and when (milliseconds). */
export interface TagChange {
  readonly repo: RepositoryId
  readonly tag: Tag
  readonly at: number
  readonly by: string
}

/**
 * Makes a tag lead to `digest`; undefined deletes it. The commit checks the tag's version, so of two that move it
 * each is seen whole, in some order. The caller checks or writes the manifest, which owns its tags.
 */
export async function moveTag(
  transaction: Transaction,
  change: TagChange,
  digest: Digest | undefined,
): Promise<void> {
  const { repo, tag, at, by } = change
  const current = await transaction.getChecked(tagCodec, keys.tag(repo, tag))
  if (current?.value.digest === digest) return
  if (current !== undefined) transaction.delete(keys.tagged(repo, current.value.digest, tag))
  if (digest === undefined) transaction.delete(keys.tag(repo, tag))
  else {
    transaction.set(tagCodec, keys.tag(repo, tag), { digest, at, by })
    transaction.set(taggedCodec, keys.tagged(repo, digest, tag), {})
  }
  const sequence = await nextSequence(transaction, repo, tag)
  transaction.set(tagLogCodec, keys.tagLogEntry(repo, tag, sequence), { ...(digest && { digest }), at, by })
}

/** Safe without a check of its own: whoever writes the tag's log also writes the tag, whose version is checked. */
async function nextSequence(transaction: Transaction, repo: RepositoryId, tag: Tag): Promise<bigint> {
  const [last] = await transaction.range({ prefix: keys.tagLog(repo, tag), limit: 1, reverse: true })
  if (last === undefined) return 1n
  const reader = new TupleReader(last.key)
  reader.bytes(8)
  reader.text()
  return reader.uint64() + 1n
}
