/** Milliseconds of work between two rests, and how long each is at least. */
const WORK_MS = 0.5
const REST_MS = 0.05

/**
 * Lets a thread that works without a pause stand still for a moment, between its steps and not within one: whoever waits for a
 * core goes on then, and not when the scheduler next looks, which may be 4 ms later.
 */
export class ShortRests {
  readonly #never = new Int32Array(new SharedArrayBuffer(4))
  #rested = performance.now()

  /** Called before each step. */
  take(): void {
    if (performance.now() - this.#rested < WORK_MS) return
    Atomics.wait(this.#never, 0, 0, REST_MS)
    this.#rested = performance.now()
  }
}
