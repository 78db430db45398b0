import type { Frame, LevelIterator } from './level-database.ts'

/**
 * Records that one trip to another thread brings beyond those asked for: a trip costs as much as so many. More when
 * earlier ones were of use, fewer when they were not: what lies behind the last probe, or between two that are far apart,
 * is read for nothing.
 */
const AHEAD = 24
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
    this.#ahead = probes === 1 ? 0 : Math.min(Math.max(AHEAD, RECORDS_OF_ONE * probes), MOST_AHEAD)
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
    const isFar = at < 0 && this.#hasBegun
    if (isFar) this.#ahead >>= 1
    else if (this.#hasBegun) this.#ahead = Math.min(Math.max(2 * this.#ahead, 1), MOST_AHEAD)
    if (isFar && !this.#isAtEnd) this.#seek(key)
    this.#hasBegun = true
  }
}
