import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { graveCodec } from '../records/review.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { type Owned, queueReview, reviewSoon } from '../registry/review.ts'
import type { Look } from './review-queue.ts'

/** How long a note stays of who deleted a manifest, for those who look for it in a tag's history. */
const NOTE_MS = 90 * 24 * 3_600_000

/**
 * The end of a grave: the manifest can no longer be restored, and what only it used may go. The commit checks the
 * grave's version, which a restoring push takes away, and queues a look at everything the manifest led to.
 */
export const collectGrave: Look = async (transaction, parts, entry) => {
  const { name, repo, digest } = entry
  if (digest === undefined) return { action: 'kept', reason: 'not a grave' }
  const grave = await transaction.getChecked(graveCodec, keys.grave(repo, digest))
  if (grave === undefined) return { action: 'kept', reason: 'the manifest was restored' }
  const { manifest, until, policy } = grave.value
  // The entry was due, whatever the clock says by now: once it is gone nothing else ends the grave.
  const now = Math.max(parts.now(), entry.due)
  if (manifest === undefined) {
    if (until + NOTE_MS >= now) return { action: 'kept', reason: 'a newer entry ends it' }
    transaction.delete(grave.key)
    return { action: 'removed', reason: 'nobody asked for long who deleted the manifest' }
  }
  if (until >= now) return { action: 'kept', reason: 'the manifest was deleted again' }
  transaction.checkVersion(keys.manifest(repo, digest), undefined)
  transaction.delete(keys.body(repo, digest))
  transaction.delete(keys.pulled(repo, digest))
  transaction.delete(keys.keep(repo, digest))
  for (const child of manifest.children) transaction.delete(keys.edge(repo, child, digest))
  await reviewChildren(transaction, parts, { name, repo, digest, children: manifest.children, policy })
  transaction.set(graveCodec, grave.key, { ...grave.value, tags: [], manifest: undefined })
  queueReview(transaction, { due: until + NOTE_MS + 1, kind: 'grave', name, repo, digest })
  return { action: 'removed', reason: 'the time to restore it is over', bytes: manifest.size }
}

/** A digest may be both: a large manifest is also a blob of its repository. */
async function reviewChildren(
  transaction: Transaction,
  parts: KeepingParts,
  parent: Owned & { readonly children: readonly Digest[]; readonly policy: string | undefined },
): Promise<void> {
  const { name, repo, children, policy } = parent
  const manifests = await transaction.present(children.map((child) => keys.manifest(repo, child)))
  for (const [at, digest] of children.entries()) {
    reviewSoon(transaction, parts, { kind: 'link', name, repo, digest })
    if (manifests[at] === true)
      reviewSoon(transaction, parts, { kind: 'manifest', name, repo, digest, policy })
  }
}
