import type { Frame, LevelIterator } from './level-database.ts'

/** Records that one trip to another thread brings beyond those asked for: a trip costs as much as so many. */
const LEAST_AHEAD = 24
/** When earlier ones were of use. */
const MOST_AHEAD = 96
/** Records between one probe and the next, where they are near. */
const RECORDS_OF_ONE = 2

/** Asks for the first records at or behind a stored key. */
export interface Probe {
  readonly key: Uint8Array
  readonly limit: number
}

/**
 * Answers probes, in the order of their keys, from an iterator that begins at the first: goes on where the next one is
 * near, and seeks where it is not.
 */
export class ProbeWalk {
  readonly #iterator: LevelIterator
  readonly #seek: (key: Uint8Array) => void
  /** Records that follow each other, from the last probe on. */
  #run: Frame[] = []
  #ahead: number
  #hasBegun = false
  /** There are no records behind the run. */
  #isAtEnd = false

  /** `probes`: how many are to come. */
  constructor(iterator: LevelIterator, probes: number, seek: (key: Uint8Array) => void) {
    // Those of a crowd mostly lie side by side.
    this.#ahead = Math.min(Math.max(LEAST_AHEAD, RECORDS_OF_ONE * probes), MOST_AHEAD)
    this.#iterator = iterator
    this.#seek = seek
  }

  async find({ key, limit }: Probe): Promise<Frame[]> {
    this.#moveTo(key)
    while (this.#run.length < limit && !this.#isAtEnd) {
      const more = await this.#iterator.nextv(limit - this.#run.length + this.#ahead)
      this.#isAtEnd = more.length === 0
      this.#run.push(...more)
    }
    return this.#run.slice(0, limit)
  }

  #moveTo(key: Uint8Array): void {
    const at = this.#run.findIndex(([stored]) => Buffer.compare(stored, key) >= 0)
    this.#run = at < 0 ? [] : this.#run.slice(at)
    this.#ahead = at < 0 ? LEAST_AHEAD : Math.min(2 * this.#ahead, MOST_AHEAD)
    if (at < 0 && this.#hasBegun && !this.#isAtEnd) this.#seek(key)
    this.#hasBegun = true
  }
}
