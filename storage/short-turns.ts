/** Milliseconds for which work that is long in all may hold the event loop at a time. */
const MOST_MS = 1

/** Cuts long work into turns of the event loop, so that requests that came meanwhile go first. */
export class ShortTurns {
  #begun = performance.now()
  #last: Promise<void> = Promise.resolve()

  /** Whether it is time to `rest`. */
  get isOver(): boolean {
    return performance.now() - this.#begun >= MOST_MS
  }

  /** Resolves in another turn of the event loop: of those who wait for one, each gets its own. */
  rest(): Promise<void> {
    this.#last = this.#next(this.#last)
    return this.#last
  }

  async #next(before: Promise<void>): Promise<void> {
    await before
    await new Promise((resolve) => setImmediate(resolve))
    this.#begun = performance.now()
  }
}
