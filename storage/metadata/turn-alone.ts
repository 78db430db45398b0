import type { MetadataStore } from './metadata-store.ts'

/** Decisions of one store that lost too often, and go one after the other while no new one begins. */
export class TurnsAlone {
  #last: Promise<void> | undefined

  /** Resolves when nobody goes alone. */
  async over(): Promise<void> {
    while (this.#last !== undefined) await this.#last
  }

  /** Runs `work` behind all who wait to go alone. Rejects as it does. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    try {
      await before
      return await work()
    } finally {
      if (this.#last === promise) this.#last = undefined
      resolve()
    }
  }
}

const turns = new WeakMap<object, TurnsAlone>()

export function turnsAloneOf(store: MetadataStore): TurnsAlone {
  const known = turns.get(store) ?? new TurnsAlone()
  turns.set(store, known)
  return known
}
