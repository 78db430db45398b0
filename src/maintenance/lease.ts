import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { leaseCodec } from '../records/maintenance.ts'

/** By how much the clocks of replicas may differ, and some. */
const SKEW_MS = 60_000

export interface LeaseParts {
  readonly metadata: MetadataStore
  readonly now: () => number
  /** Names this process among all that share the store; never used twice. */
  readonly holder: string
}

/**
 * Takes the lease of `job` for `ms`, or renews it when this process holds it. False: another one holds it.
 * A lease keeps processes from doing the same work side by side. Nothing is correct because of one: a holder that was
 * paused for longer than `ms` goes on for a while beside the next.
 */
export function takeLease(parts: LeaseParts, job: string, ms: number): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const lease = await transaction.getChecked(leaseCodec, keys.lease(job))
    const now = parts.now()
    if (lease !== undefined && lease.value.holder !== parts.holder && isRunning(lease.value.until, now, ms))
      return false
    setLease(transaction, job, { holder: parts.holder, until: now + ms })
    return true
  })
}

/** One that lasts longer than any that is given now is from before a clock was set back: nobody renews it. */
function isRunning(until: number, now: number, ms: number): boolean {
  return until > now && until <= now + ms + SKEW_MS
}

/** As takeLease, but false also when the lease ran out and was given to nobody or somebody else since. */
export function renewLease(parts: LeaseParts, job: string, ms: number): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const lease = await transaction.getChecked(leaseCodec, keys.lease(job))
    if (lease?.value.holder !== parts.holder) return false
    setLease(transaction, job, { holder: parts.holder, until: parts.now() + ms })
    return true
  })
}

/** Gives the lease back at once, if this process holds it. */
export async function releaseLease(parts: LeaseParts, job: string): Promise<void> {
  await transact(parts.metadata, async (transaction) => {
    const lease = await transaction.getChecked(leaseCodec, keys.lease(job))
    if (lease?.value.holder === parts.holder) transaction.delete(lease.key)
  })
}

function setLease(
  transaction: Transaction,
  job: string,
  lease: { readonly holder: string; readonly until: number },
): void {
  transaction.set(leaseCodec, keys.lease(job), lease)
}
