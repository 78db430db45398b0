/**
 * What batches change while a read is under way: of that the read may have found what was there before. One batch is
 * written at a time.
 */
export class OverlappingBatches<Changes> {
  readonly #reads = new Set<Changes[]>()
  #running: Changes | undefined

  /**
   * Runs a read. `learn` gets what it found, and the changes of all batches that it may have overlapped with, before
   * another batch can begin.
   */
  async whileReading<Found>(
    read: () => Promise<Found>,
    learn: (found: Found, overlapping: readonly Changes[]) => void,
  ): Promise<Found> {
    const overlapping: Changes[] = this.#running === undefined ? [] : [this.#running]
    this.#reads.add(overlapping)
    try {
      const found = await read()
      learn(found, overlapping)
      return found
    } finally {
      this.#reads.delete(overlapping)
    }
  }

  /** Runs the writing of a batch. */
  async whileWriting(changes: Changes, write: () => Promise<void>): Promise<void> {
    this.#running = changes
    for (const overlapping of this.#reads) overlapping.push(changes)
    try {
      await write()
    } finally {
      this.#running = undefined
    }
  }
}
