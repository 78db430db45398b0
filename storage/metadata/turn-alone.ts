import { StoreUnavailable } from '../store-errors.ts'
import type { MetadataStore } from './metadata-store.ts'

/** What a decision relies on: keys, and ranges by their prefix, as texts of their bytes. */
export interface Reliance {
  readonly keys: ReadonlySet<string>
  readonly prefixes: readonly string[]
}

interface Claim extends Reliance {
  readonly over: Promise<void>
}

/**
 * Decisions of one store that lost too often. They go one after the other, and nobody in this process writes what the
 * one whose turn it is relies on.
 */
export class TurnsAlone {
  #last: Promise<void> = Promise.resolve()
  #claim: Claim | undefined
  #outage = Promise.withResolvers<void>()

  /** Resolves when the decision is through that relies on one of the keys in `writes`; undefined when none does. */
  inTheWayOf(writes: Iterable<string>): Promise<void> | undefined {
    const claim = this.#claim
    if (claim === undefined) return undefined
    for (const key of writes)
      if (claim.keys.has(key) || claim.prefixes.some((prefix) => key.startsWith(prefix))) return claim.over
    return undefined
  }

  /**
   * Runs `work` behind all who wait to go alone; it says what it relies on, each time anew. Rejects as it does. While the
   * store is away nobody waits for others: each would be tried for as long as a request waits, one after the other.
   */
  async take<Result>(work: (claim: (reliance: Reliance) => void) => Promise<Result>): Promise<Result> {
    const before = this.#last
    const { promise: over, resolve } = Promise.withResolvers<void>()
    this.#last = over
    await Promise.race([before, this.#outage.promise])
    try {
      return await work((reliance) => {
        this.#claim = { ...reliance, over }
      })
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#letAllGo()
      throw error
    } finally {
      this.#claim = undefined
      resolve()
    }
  }

  #letAllGo(): void {
    this.#outage.resolve()
    this.#outage = Promise.withResolvers<void>()
  }
}

const turns = new WeakMap<MetadataStore, TurnsAlone>()

export function turnsAloneOf(store: MetadataStore): TurnsAlone {
  const known = turns.get(store) ?? new TurnsAlone()
  turns.set(store, known)
  return known
}
