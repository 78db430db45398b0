/** Above this many milliseconds for one key, a synchronous read holds up everyone else for too long. */
const SLOW = 1
/** How long (ms) reads stay asynchronous before a synchronous one is tried again. */
const REST = 1000
/** A read that took longer counts as this (ms): while others have the processor, one does, and that is not the disk. */
const LONGEST = 4
/** Weight of the newest measurement in the moving average. */
const WEIGHT = 0.1

/**
 * Decides whether reads are synchronous: 3.6 µs instead of 40 while pages are in memory, but a blocked
 * event loop once the disk has to answer. `now` gives milliseconds.
 */
export class ReadSpeed {
  readonly #now: () => number
  #average = 0
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get isFast(): boolean {
    return this.#now() >= this.#restUntil
  }

  /** Runs `work`, which reads `keys` keys at once, and remembers how long it took. */
  measure<T>(keys: number, work: () => T): T {
    const start = this.#now()
    const result = work()
    const each = Math.min((this.#now() - start) / Math.max(1, keys), LONGEST)
    this.#average += (each - this.#average) * WEIGHT
    if (this.#average > SLOW) {
      this.#restUntil = this.#now() + REST
      // The next try is judged by itself and not by what was before the rest.
      this.#average = SLOW / 2
    }
    return result
  }
}
