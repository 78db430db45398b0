/** What a key may hold: a value, or ABSENT. */
export const ABSENT = ''

interface Possibility {
  value: string
  /** When the operation that wrote it was acknowledged; undefined while it may or may not have happened. */
  done: number | undefined
}

/** An operation under way on some keys: what the server has answered about it. */
export interface Pending {
  /** It happened. */
  acknowledge(): void
  /** It did not. */
  refuse(): void
}

/**
 * What the server owes: for each key the values that it may show, given what was acknowledged and in which order.
 * An acknowledged write rules out everything acknowledged before it began; a write without an answer stays possible.
 */
export class Expectations {
  readonly #keys = new Map<string, Possibility[]>()
  #clock = 0

  /** Notes that an operation begins which gives each key its value. */
  begin(writes: ReadonlyMap<string, string>): Pending {
    const started = this.#tick()
    const added = [...writes].map(([key, value]) => {
      const possibility: Possibility = { value, done: undefined }
      const known = this.#keys.get(key) ?? [{ value: ABSENT, done: 0 }]
      this.#keys.set(key, [...known, possibility])
      return { key, possibility }
    })
    return {
      acknowledge: () => {
        const now = this.#tick()
        for (const { key, possibility } of added) {
          possibility.done = now
          const left = this.#get(key).filter((other) => other.done === undefined || other.done >= started)
          this.#keys.set(key, left)
        }
      },
      refuse: () => {
        for (const { key, possibility } of added)
          this.#keys.set(
            key,
            this.#get(key).filter((other) => other !== possibility),
          )
      },
    }
  }

  /** The keys with a prefix that certainly hold a value, with it. */
  certain(prefix: string): { key: string; value: string }[] {
    const found: { key: string; value: string }[] = []
    for (const [key, possibilities] of this.#keys) {
      const [only] = possibilities
      if (!key.startsWith(prefix) || possibilities.length !== 1 || only === undefined) continue
      if (only.value !== ABSENT) found.push({ key, value: only.value })
    }
    return found
  }

  /** All keys ever written. */
  keys(): string[] {
    return [...this.#keys.keys()]
  }

  /** The keys that may hold one of several values: those an unanswered operation was about. */
  open(): string[] {
    return [...this.#keys].filter(([, possibilities]) => possibilities.length > 1).map(([key]) => key)
  }

  /** Undefined when the observed value is possible (it is then the only one left), else what would have been. */
  settle(key: string, observed: string): string | undefined {
    const possible = this.#get(key)
    if (!possible.some(({ value }) => value === observed)) {
      return [...new Set(possible.map(({ value }) => (value === ABSENT ? 'absent' : value)))].join(' or ')
    }
    this.#keys.set(key, [{ value: observed, done: this.#tick() }])
    return undefined
  }

  #get(key: string): Possibility[] {
    return this.#keys.get(key) ?? [{ value: ABSENT, done: 0 }]
  }

  #tick(): number {
    this.#clock += 1
    return this.#clock
  }
}
