import { EndOfTurn } from './end-of-turn.ts'

/** Statements under way at the same time. */
const MOST_RUNNING = 3

interface Waiting<Ask, Found> {
  readonly ask: Ask
  readonly resolve: (found: Found) => void
  readonly reject: (error: unknown) => void
}

export interface GroupOptions<Ask, Found> {
  /** What each of them finds, in their order, by one statement. */
  readonly find: (asked: readonly Ask[]) => Promise<readonly Found[]>
  readonly sizeOf: (ask: Ask) => number
  /** Sizes of one statement, where several share it. */
  readonly most: number
}

/**
 * Reads of one turn of the event loop share a statement, and so do those that come while a few are under way: under load
 * each trip to the database serves many requests, and without load none waits. Each read sees one moment that is later
 * than its call.
 */
export class Grouped<Ask, Found> {
  readonly #options: GroupOptions<Ask, Found>
  readonly #waiting: Waiting<Ask, Found>[] = []
  readonly #endOfTurn = new EndOfTurn(() => this.#startNext())
  #running = 0

  constructor(options: GroupOptions<Ask, Found>) {
    this.#options = options
  }

  find(ask: Ask): Promise<Found> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject })
      this.#endOfTurn.wake()
    })
  }

  #startNext(): void {
    if (this.#running >= MOST_RUNNING || this.#waiting.length === 0) return
    this.#running += 1
    void this.#run(this.#takeGroup()).finally(() => {
      this.#running -= 1
      this.#endOfTurn.wake()
    })
  }

  /** In the order in which they came; a large one goes alone. */
  #takeGroup(): readonly Waiting<Ask, Found>[] {
    let size = 0
    const end = this.#waiting.findIndex(({ ask }, index) => {
      size += this.#options.sizeOf(ask)
      return index > 0 && size > this.#options.most
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  /** Never rejects: each read hears of the failure. */
  async #run(group: readonly Waiting<Ask, Found>[]): Promise<void> {
    try {
      const found = (await this.#options.find(group.map(({ ask }) => ask))).values()
      for (const { resolve } of group) {
        const next = found.next()
        if (next.done === true) throw new Error('a statement answered fewer reads than share it')
        resolve(next.value)
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
