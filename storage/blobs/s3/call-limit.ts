/** Calls that run side by side at most, and at least however often the engine says SlowDown. */
const MOST = 64
const LEAST = 4

/** How many calls that went well make room for one more again. */
const CALM_CALLS = 32

/**
 * Caps the calls to one bucket. SlowDown halves the cap; calm calls raise it again by one at a time: all replicas that
 * are told to slow down find together what the engine takes.
 */
export class CallLimit {
  readonly #waiting: (() => void)[] = []
  #limit = MOST
  #running = 0
  #calm = 0

  get limit(): number {
    return this.#limit
  }

  /** Runs a call in its turn. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    else this.#running += 1
    try {
      return await call()
    } finally {
      this.#next()
    }
  }

  calm(): void {
    this.#calm += 1
    if (this.#calm < CALM_CALLS || this.#limit >= MOST) return
    this.#calm = 0
    this.#limit += 1
    this.#wake()
  }

  slowDown(): void {
    this.#calm = 0
    this.#limit = Math.max(LEAST, Math.floor(this.#limit / 2))
  }

  /** A place that was given up goes to who waits, unless the cap has become smaller. */
  #next(): void {
    this.#running -= 1
    this.#wake()
  }

  #wake(): void {
    while (this.#running < this.#limit) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#running += 1
      next()
    }
  }
}
