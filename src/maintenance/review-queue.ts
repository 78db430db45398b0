import type { Entry } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { type ReviewKey, type ReviewRecord, readReviewKey, reviewCodec } from '../records/review.ts'
import type { KeepingParts } from '../registry/parts.ts'

/** One entry of the review queue. */
export interface ReviewEntry extends ReviewKey, ReviewRecord {
  readonly key: Uint8Array
}

/** What the collector found about an entry, and why. */
export type Verdict =
  /** It goes, in the commit that the look prepared. */
  | { readonly action: 'removed'; readonly reason: string; readonly bytes?: number }
  /** It stays; what ends the use queues it again. */
  | { readonly action: 'kept'; readonly reason: string }
  /** It stays for now; looked at again then. */
  | { readonly action: 'later'; readonly reason: string; readonly due: number }

/** Looks at one entry: decides, and prepares the removal with its checks. Commits nothing. */
export type Look = (transaction: Transaction, parts: KeepingParts, entry: ReviewEntry) => Promise<Verdict>

export function readReview(entry: Entry): ReviewEntry {
  return { key: entry.key, ...readReviewKey(entry.key), ...reviewCodec.decode(entry.value) }
}

/** When content that was last confirmed at `confirmed` may be looked at; undefined: now. */
export function spareUntil(parts: KeepingParts, confirmed: number): number | undefined {
  const until = confirmed + parts.settings.grace
  return until >= parts.now() ? until + 1 : undefined
}
