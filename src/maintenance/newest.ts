/** Times that are held beyond those asked for, so that they are seldom sorted. */
const SLACK = 1000

/** Finds the newest of many as their times come by, in any order, and holds little more than the times of those. */
export class Newest {
  readonly #count: number
  #times: number[] = []

  constructor(count: number) {
    this.#count = count
  }

  add(time: number): void {
    this.#times.push(time)
    if (this.#times.length >= 2 * this.#count + SLACK) this.#cut()
  }

  /** The newest there are, as many as were asked for if there are so many; the oldest of them first. */
  get times(): readonly number[] {
    this.#cut()
    return this.#times
  }

  /** Says of each time, when all come by again, whether it is among the newest; of equal ones the first are. */
  among(): (time: number) => boolean {
    this.#cut()
    const oldest = this.#times.at(0) ?? Number.POSITIVE_INFINITY
    let equal = this.#times.filter((time) => time === oldest).length
    return (time) => time > oldest || (time === oldest && equal-- > 0)
  }

  /** Leaves the newest, the oldest of them first. */
  #cut(): void {
    const sorted = Float64Array.from(this.#times).sort()
    this.#times = Array.from(sorted.subarray(Math.max(sorted.length - this.#count, 0)))
  }
}
