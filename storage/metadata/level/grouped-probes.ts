import type { Frame } from './level-database.ts'
import type { Probe } from './probe-walk.ts'

/** What each of several probes finds, which come in the order of their keys. */
type FindEach = (probes: readonly Probe[]) => Promise<Frame[][]>

interface Waiting extends Probe {
  readonly resolve: (found: Frame[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Probes that are asked for side by side share an iterator: to make one, and to wake a thread for it, takes many times as
 * long as to find a record.
 */
export class GroupedProbes {
  readonly #findEach: FindEach
  #waiting: Waiting[] = []

  constructor(findEach: FindEach) {
    this.#findEach = findEach
  }

  find(probe: Probe): Promise<Frame[]> {
    return new Promise((resolve, reject) => {
      // Once all have asked that can, without waiting for anything.
      if (this.#waiting.length === 0) process.nextTick(() => void this.#run())
      this.#waiting.push({ ...probe, resolve, reject })
    })
  }

  /** Never rejects: each probe hears of the failure. */
  async #run(): Promise<void> {
    const group = this.#waiting.toSorted((one, other) => Buffer.compare(one.key, other.key))
    this.#waiting = []
    try {
      const found = await this.#findEach(group)
      for (const [at, { resolve }] of group.entries()) resolve(found[at] ?? [])
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
