import { setTimeout } from 'node:timers/promises'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'

/** How long one look at all records counts, in milliseconds. */
const COUNTS_FOR = 24 * 3_600_000
/** What requests have for themselves after each piece that was read. */
const REST_MS = 1

/**
 * Rejects with StoreDamaged once records are known to be damaged: whoever takes something away because no record names it
 * would believe what is missing. Looks when first asked, and again once a day; who asks meanwhile waits.
 */
export function wholeRecords(
  metadata: Pick<MetadataStore, 'verify'>,
  stopping: AbortSignal,
): () => Promise<void> {
  let look: Promise<void> | undefined
  let until = 0
  const rest = async () => {
    stopping.throwIfAborted()
    await setTimeout(REST_MS)
  }
  return async () => {
    if (performance.now() >= until) look = undefined
    if (look === undefined) {
      until = Number.POSITIVE_INFINITY
      look = metadata.verify?.(rest) ?? Promise.resolve()
      look.then(
        () => (until = performance.now() + COUNTS_FOR),
        // Damage stays; a disk that does not answer may come back.
        (error: unknown) => (until = error instanceof StoreDamaged ? Number.POSITIVE_INFINITY : 0),
      )
    }
    await look
  }
}
