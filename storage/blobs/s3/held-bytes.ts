import { randomUUID } from 'node:crypto'
import type { ClaimedMemory } from './part-memory.ts'

/** The last bytes of uploads whose `complete` follows at once in this process. Who does not come loses them. */
export class HeldBytes {
  readonly #patience: number
  readonly #held = new Map<string, { readonly memory: ClaimedMemory; readonly timer: NodeJS.Timeout }>()

  /** Milliseconds for which bytes are held. */
  constructor(patience: number) {
    this.#patience = patience
  }

  /** Gives the name under which they are. */
  hold(memory: ClaimedMemory): string {
    const name = randomUUID()
    const timer = setTimeout(() => this.drop(name), this.#patience).unref()
    this.#held.set(name, { memory, timer })
    return name
  }

  /** The bytes, which stay here. Undefined when they are gone, or another process had them. */
  find(name: string | undefined): ClaimedMemory | undefined {
    return name === undefined ? undefined : this.#held.get(name)?.memory
  }

  /** As `find`, and it is the caller now who releases them. */
  take(name: string | undefined): ClaimedMemory | undefined {
    const held = name === undefined ? undefined : this.#held.get(name)
    if (name === undefined || held === undefined) return undefined
    clearTimeout(held.timer)
    this.#held.delete(name)
    return held.memory
  }

  drop(name: string | undefined): void {
    this.take(name)?.release()
  }
}
