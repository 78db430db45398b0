const KIB = 1024
const MIB = 1024 * KIB

export interface BufferPoolOptions {
  /** Bytes that loans and kept buffers may take together before loans shrink to `tiny`. */
  readonly capacity?: number
  /** Sizes of the three kinds of buffers in bytes, ascending. */
  readonly tiny?: number
  readonly small?: number
  readonly large?: number
}

/**
 * Reused buffers of three sizes. A loan never waits: a slow client that holds its buffer must not stop others.
 * Loans get smaller instead: large ones while half of the capacity is free, small ones up to the capacity,
 * tiny ones beyond it (about what a socket's own send buffer takes anyway).
 */
export class BufferPool {
  readonly #capacity: number
  readonly #sizes: { readonly tiny: number; readonly small: number; readonly large: number }
  readonly #free = new Map<number, Buffer[]>()
  #lentBytes = 0
  #freeBytes = 0

  constructor(options: BufferPoolOptions = {}) {
    this.#capacity = options.capacity ?? 64 * MIB
    this.#sizes = {
      tiny: options.tiny ?? 16 * KIB,
      small: options.small ?? 128 * KIB,
      large: options.large ?? MIB,
    }
    for (const size of Object.values(this.#sizes)) this.#free.set(size, [])
  }

  /** Bytes on loan now. */
  get lentBytes(): number {
    return this.#lentBytes
  }

  /** Bytes that the pool keeps alive now, on loan or waiting. */
  get heldBytes(): number {
    return this.#lentBytes + this.#freeBytes
  }

  /** Whether so little is on loan that somebody may have a second buffer for what he does not need yet. */
  get plenty(): boolean {
    return this.#lentBytes + this.#sizes.large <= this.#capacity / 4
  }

  /** A buffer with old contents, of `wanted` bytes or more if the pressure allows, else shorter; never empty. */
  lend(wanted: number): Buffer {
    const size = this.#sizeFor(wanted)
    this.#lentBytes += size
    const kept = this.#free.get(size)?.pop()
    if (kept !== undefined) {
      this.#freeBytes -= size
      return kept
    }
    this.#shrinkTo(this.#capacity)
    return Buffer.allocUnsafeSlow(size)
  }

  /** Ends a loan. Nobody may touch the buffer afterwards. */
  giveBack(buffer: Buffer): void {
    this.#lentBytes -= buffer.length
    if (this.heldBytes + buffer.length > this.#capacity) return
    this.#free.get(buffer.length)?.push(buffer)
    this.#freeBytes += buffer.length
  }

  /** Ends a loan of a buffer that somebody may still be reading: it is never lent again. */
  forget(buffer: Buffer): void {
    this.#lentBytes -= buffer.length
  }

  #sizeFor(wanted: number): number {
    const { tiny, small, large } = this.#sizes
    if (wanted > small && this.#lentBytes + large <= this.#capacity / 2) return large
    if (wanted > tiny && this.#lentBytes + small <= this.#capacity) return small
    return tiny
  }

  /** Lets waiting buffers of other sizes go until the pool holds no more than `limit` bytes, or none wait. */
  #shrinkTo(limit: number): void {
    for (const [size, buffers] of this.#free) {
      while (this.heldBytes > limit && buffers.pop() !== undefined) this.#freeBytes -= size
    }
  }
}
