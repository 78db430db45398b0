import { LRUCache } from 'lru-cache'
import { networkOf } from './network.ts'

/** How often somebody at one address may get one account's password wrong. */
export interface FailureLimit {
  /** Takes one try. The number of seconds to wait, at least 1, when there is none left. */
  take(account: string, address: string): number | undefined
  /** Gives the try back: it was no failure. */
  giveBack(account: string, address: string): void
}

/** A bucket of `burst` tries, filled again by `perSecond`. */
export interface FailureRate {
  readonly burst: number
  readonly perSecond: number
  readonly now: () => number
}

interface Bucket {
  tries: number
  at: number
}

/** A bucket for each account and address, in this process. Keeps the 10,000 used last. */
export function createFailureLimit({ burst, perSecond, now }: FailureRate): FailureLimit {
  const buckets = new LRUCache<string, Bucket>({ max: 10_000 })

  const bucketOf = (account: string, address: string): Bucket => {
    const key = `${account}\n${networkOf(address)}`
    const found = buckets.get(key) ?? { tries: burst, at: now() }
    // A clock that is set back takes no tries away.
    const passed = Math.max(0, now() - found.at)
    const tries = Math.min(burst, found.tries + (passed / 1000) * perSecond)
    const bucket = { tries, at: now() }
    buckets.set(key, bucket)
    return bucket
  }

  return {
    take: (account, address) => {
      const bucket = bucketOf(account, address)
      if (bucket.tries < 1) return Math.max(1, Math.ceil((1 - bucket.tries) / perSecond))
      bucket.tries -= 1
      return undefined
    },
    giveBack: (account, address) => {
      const bucket = bucketOf(account, address)
      bucket.tries = Math.min(burst, bucket.tries + 1)
    },
  }
}
