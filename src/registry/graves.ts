import type { Transaction } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import type { ManifestRecord } from '../records/manifest.ts'
import { graveCodec } from '../records/review.ts'
import type { KeepingParts } from './parts.ts'
import { type Owned, queueReview } from './review.ts'

/** A manifest that is deleted: by whom, by which retention rule, and the tags that led to it. */
export interface Burial extends Owned {
  readonly record: ManifestRecord
  readonly tags: readonly string[]
  readonly by: string
  readonly policy?: string | undefined
}

/**
 * Takes a manifest away, whose version and tags the caller checks: it is gone from tags and referrers at once. Its body
 * and edges stay until the grave ends, so that it can be restored with all it needs.
 */
export function buryManifest(transaction: Transaction, parts: KeepingParts, burial: Burial): void {
  const { name, repo, digest, record, tags, by, policy } = burial
  const at = parts.now()
  const until = at + parts.settings.grace
  transaction.delete(keys.manifest(repo, digest))
  if (record.subject !== undefined) transaction.delete(keys.referrer(repo, record.subject, digest))
  transaction.set(graveCodec, keys.grave(repo, digest), {
    at,
    by,
    until,
    tags: [...tags],
    manifest: record,
    ...(policy !== undefined && { policy }),
  })
  queueReview(transaction, { due: until + 1, kind: 'grave', name, repo, digest })
}
