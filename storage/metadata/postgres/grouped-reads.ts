import type { Stored } from '../metadata-store.ts'
import { EndOfTurn } from './end-of-turn.ts'
import { keyText } from './key-order.ts'

/** Statements under way at the same time. */
const MOST_RUNNING = 3
/** Keys of one statement, where several reads share it. */
const MOST_KEYS = 1000

/** What the keys hold that were found, by their text. */
type Find = (keys: readonly Uint8Array[]) => Promise<ReadonlyMap<string, Stored>>

interface Waiting {
  readonly keys: readonly Uint8Array[]
  readonly resolve: (found: (Stored | undefined)[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Reads of one turn of the event loop share a statement, and so do those that come while a few are under way: under load
 * each trip to the database serves many requests, and without load none waits. Each read sees one moment that is later
 * than its call.
 */
export class GroupedReads {
  readonly #find: Find
  readonly #waiting: Waiting[] = []
  readonly #endOfTurn = new EndOfTurn(() => this.#startNext())
  #running = 0

  constructor(find: Find) {
    this.#find = find
  }

  read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    if (keys.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, resolve, reject })
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
  #takeGroup(): readonly Waiting[] {
    let keys = 0
    const end = this.#waiting.findIndex((one, index) => {
      keys += one.keys.length
      return index > 0 && keys > MOST_KEYS
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  /** Never rejects: each read hears of the failure. */
  async #run(group: readonly Waiting[]): Promise<void> {
    try {
      const all = new Map(group.flatMap(({ keys }) => keys.map((key) => [keyText(key), key])))
      const found = await this.#find([...all.values()])
      for (const { keys, resolve } of group) resolve(keys.map((key) => found.get(keyText(key))))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
