/** Steps, of some microseconds each, that one turn of the event loop is taken for. */
const STEPS = 2000

/**
 * Counts steps of long work. What is remembered is read without waiting, so that nothing else would interrupt a walk over a
 * million files: whoever walks has others go first (`setImmediate`) when it says so.
 */
export class Pace {
  #done = 0

  /** Whether these steps are more than belong into one turn. */
  isOver(steps: number): boolean {
    this.#done += steps
    if (this.#done < STEPS) return false
    this.#done = 0
    return true
  }
}
