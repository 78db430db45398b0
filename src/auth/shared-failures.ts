import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { MetadataStore, Stored } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { loginFailuresCodec } from '../records/login-failures.ts'
import type { FailureRate } from './failure-limit.ts'
import { networkOf } from './network.ts'

/** Failures that a replica keeps to itself: people mistype, and a flood over many accounts writes nothing. */
const OWN = 3
/** After so long without being told of others, in milliseconds, a replica begins again to keep failures to itself. */
const FORGOTTEN_MS = 600_000
/** How far below no try at all a burst over many replicas can get, so that nobody is kept out for longer than that. */
const DEBT = 60
/** How long the answer to a wrong password waits for its note: a store that takes no writes says so only after seconds. */
const PATIENCE_MS = 1000
/** A date further ahead than replicas' clocks may be apart says nothing. */
const AHEAD_MS = 60_000

/** What replicas know together of wrong passwords. */
export interface SharedFailures {
  /** The record of an account and an address: to be read with the account, before a password is compared. */
  keyOf(account: string, address: string): Uint8Array
  /** The number of seconds to wait, at least 1, when that record leaves no try. */
  wait(record: Stored | undefined): number | undefined
  /** Takes note of a wrong password. Never rejects: a store that takes no writes leaves each replica with its own count. */
  note(account: string, address: string): Promise<void>
}

export function createSharedFailures(
  parts: FailureRate & { readonly metadata: MetadataStore },
): SharedFailures {
  const { metadata, burst, perSecond, now } = parts
  const noted = new LRUCache<string, { readonly failures: number; readonly since: number }>({ max: 10_000 })
  const keyOf = (account: string, address: string): Uint8Array =>
    keys.loginFailures(createHash('sha256').update(nameOf(account, address)).digest())

  const triesLeft = (record: { readonly tries: number; readonly at: number } | undefined): number => {
    if (record === undefined || record.at > now() + AHEAD_MS) return burst
    return Math.min(burst, record.tries + (Math.max(0, now() - record.at) / 1000) * perSecond)
  }

  /** Whether others are to know. */
  const isMany = (account: string, address: string): boolean => {
    const name = nameOf(account, address)
    const known = noted.get(name)
    const { failures, since } =
      known === undefined || known.since + FORGOTTEN_MS <= now() ? { failures: 0, since: now() } : known
    noted.set(name, { failures: failures + 1, since })
    return failures >= OWN
  }

  return {
    keyOf,
    wait: (record) => {
      const tries = triesLeft(record && loginFailuresCodec.decode(record.value))
      return tries < 1 ? Math.max(1, Math.ceil((1 - tries) / perSecond)) : undefined
    },
    note: async (account, address) => {
      if (!isMany(account, address)) return
      const key = keyOf(account, address)
      const written = transact(metadata, async (transaction) => {
        const found = await transaction.getChecked(loginFailuresCodec, key)
        const tries = Math.max(-DEBT, triesLeft(found?.value) - 1)
        transaction.set(loginFailuresCodec, key, { tries, at: now() })
      })
        // The password was wrong either way, and the replica's own count holds; the store's trouble is told by its checks.
        .catch(() => undefined)
      await Promise.race([written, setTimeout(PATIENCE_MS, undefined, { ref: false })])
    },
  }
}

function nameOf(account: string, address: string): string {
  return `${account}\n${networkOf(address)}`
}
