import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type ReviewKey, type ReviewRecord, reviewCodec, trashCodec } from '../records/review.ts'
import type { KeepingParts } from './parts.ts'

/** Something in a repository, whose name may lead to another one by now. */
export interface Owned {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly digest: Digest
}

/** Queues something for the collector's look, which decides by what is there then. */
export function queueReview(transaction: Transaction, item: ReviewKey & ReviewRecord): void {
  const { due, kind, repo, digest, name, policy } = item
  const value = { name, ...(policy !== undefined && { policy }) }
  transaction.set(reviewCodec, keys.review(due, kind, repo, digest), value)
}

/**
 * Queues a link or manifest that something stopped using. The collector spares what was confirmed within the grace,
 * so it may look at once: the first millisecond from now, since it may be draining this very one.
 */
export function reviewSoon(
  transaction: Transaction,
  parts: KeepingParts,
  item: Owned & { readonly kind: 'link' | 'manifest'; readonly policy?: string | undefined },
): void {
  const { policy, ...rest } = item
  queueReview(transaction, { ...rest, due: parts.now() + 1, ...(policy !== undefined && { policy }) })
}

/** Queues the content behind a link that was removed, for when those who found it there are done. */
export function reviewBlob(transaction: Transaction, parts: KeepingParts, blob: Owned): void {
  queueReview(transaction, { ...blob, kind: 'blob', due: parts.now() + unlinkedFor(parts) })
}

/** How long content waits after it left a repository. */
function unlinkedFor({ settings: { grace, trashDelay } }: KeepingParts): number {
  return Math.min(grace, trashDelay) + 1
}

/** Queues bytes for removal, after those who are reading them now. `of`: the blob that goes with them. */
export function trash(
  transaction: Transaction,
  parts: KeepingParts,
  location: string,
  of: TrashedBlob = {},
): void {
  const at = parts.now()
  transaction.set(trashCodec, keys.trash(at + parts.settings.trashDelay, location), { at, ...of })
}

/** The same for bytes that leave their last repository just now: no sooner than if their blob had waited for its review. */
export function trashUnlinked(
  transaction: Transaction,
  parts: KeepingParts,
  location: string,
  of: TrashedBlob,
): void {
  const at = parts.now()
  const due = at + unlinkedFor(parts) + parts.settings.trashDelay
  transaction.set(trashCodec, keys.trash(due, location), { at, ...of })
}

interface TrashedBlob {
  readonly digest?: Digest
  readonly name?: RepositoryName
}
