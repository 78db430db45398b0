/**
 * Bytes between a socket that fills and a sink that empties, in one piece of memory that is used round and round. What
 * comes while the sink is busy lies together with what came before, and is its next chunk: on a busy machine chunks
 * get larger by themselves, and turns fewer.
 */
export class ByteRing {
  readonly #memory: Buffer
  /** Where the oldest byte is that the sink has not emptied. */
  #start = 0
  #length = 0

  constructor(memory: Buffer) {
    this.#memory = memory
  }

  get memory(): Buffer {
    return this.#memory
  }

  get length(): number {
    return this.#length
  }

  /** Whether to stop filling until the sink has emptied some. */
  get isFull(): boolean {
    return this.#memory.length - this.#length < this.#least
  }

  /**
   * Where the next bytes go: never empty, and never where bytes wait. While the ring is full it says where they will
   * go when it is no longer, since a socket wants to know that beforehand.
   */
  space(): Buffer {
    const from = (this.#start + this.#length) % this.#memory.length
    const free = Math.max(this.#memory.length - this.#length, this.#least)
    return this.#memory.subarray(from, Math.min(from + free, this.#memory.length))
  }

  /** So many bytes were put to the front of `space`. */
  fill(count: number): void {
    this.#length += count
  }

  /** The oldest bytes that lie together; empty when none wait. */
  chunk(): Buffer {
    return this.#memory.subarray(this.#start, Math.min(this.#start + this.#length, this.#memory.length))
  }

  /** The sink is done with so many of the oldest bytes. */
  empty(count: number): void {
    this.#start = (this.#start + count) % this.#memory.length
    this.#length -= count
  }

  /** Less than this is not worth a turn of the socket. */
  get #least(): number {
    return Math.ceil(this.#memory.length / 4)
  }
}
