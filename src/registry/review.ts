import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { queuedCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'

/** An hour: longer than any reader holds on to a location. */
const TRASH_DELAY = 3_600_000

/** Queues a link for the collector's look, once the grace is over: it was just made, or something stopped using it. */
export function reviewLink(transaction: Transaction, at: number, grace: number, link: LinkName): void {
  transaction.set(queuedCodec, keys.review(at + grace, 'link', link.repo, link.digest), { at })
}

export interface LinkName {
  readonly repo: RepositoryId
  readonly digest: Digest
}

/** Queues the content behind a link that was removed. */
export function reviewBlob(transaction: Transaction, at: number, grace: number, link: LinkName): void {
  transaction.set(queuedCodec, keys.review(at + grace, 'blob', link.repo, link.digest), { at })
}

/** Queues bytes for removal, after those who are reading them now. */
export function trash(transaction: Transaction, at: number, location: string): void {
  transaction.set(queuedCodec, keys.trash(at + TRASH_DELAY, location), { at })
}
