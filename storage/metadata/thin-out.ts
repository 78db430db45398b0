import { type Entry, type MetadataStore, RANGE_CHECK_LIMIT } from './metadata-store.ts'
import { type Transaction, transact } from './transact.ts'

/** Records that one commit takes away, with all that goes along. */
const AT_ONCE = 500

/**
 * Takes what lies under `prefix` away, in commits of their own, until no more is left than one commit can check to be all:
 * for whoever deletes what owns the range, and finishes it in that commit. `take` deletes the records and what hangs on
 * them, relies on what must still be so, and may find that some are gone.
 */
export async function thinOut(
  store: MetadataStore,
  prefix: Uint8Array,
  take: (transaction: Transaction, entries: readonly Entry[]) => Promise<void>,
): Promise<void> {
  let from = prefix
  for (;;) {
    const entries = await store.range({ prefix, from, limit: RANGE_CHECK_LIMIT + 1 })
    if (entries.length <= RANGE_CHECK_LIMIT) return
    const some = entries.slice(0, AT_ONCE)
    await transact(store, (transaction) => take(transaction, some))
    // Behind what is gone: a store may have to walk over it.
    from = some.at(-1)?.key ?? from
  }
}
