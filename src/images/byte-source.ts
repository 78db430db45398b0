import { refused } from './refused.ts'

const NOTHING = Buffer.alloc(0)

/** Bytes that arrive in pieces of any size, taken in pieces of the size that is needed. Nothing is copied but small heads. */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>
  #chunk: Buffer = NOTHING

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#iterator = bytes[Symbol.asyncIterator]()
  }

  /** The next bytes without taking them: `count`, or fewer when that is all there is. */
  async peek(count: number): Promise<Buffer> {
    while (this.#chunk.length < count) {
      const next = await this.#next()
      if (next === undefined) break
      this.#chunk = Buffer.concat([this.#chunk, next])
    }
    return this.#chunk.subarray(0, count)
  }

  /** At least one byte and at most `most`; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    if (this.#chunk.length === 0) {
      const next = await this.#next()
      if (next === undefined) return undefined
      this.#chunk = next
    }
    const taken = this.#chunk.subarray(0, most)
    this.#chunk = this.#chunk.subarray(taken.length)
    return taken
  }

  /** So many bytes. Throws REQUEST_INVALID when the archive ends before. */
  async exactly(count: number): Promise<Buffer> {
    const found = await this.peek(count)
    if (found.length < count) throw endsEarly()
    this.#chunk = this.#chunk.subarray(count)
    return found
  }

  /** All that is left, in pieces. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      for (let next = await this.some(Number.POSITIVE_INFINITY); next !== undefined; ) {
        yield next
        next = await this.some(Number.POSITIVE_INFINITY)
      }
    } finally {
      await this.stop()
    }
  }

  /** Reads no further; who sends is not disturbed by it. */
  async stop(): Promise<void> {
    await this.#iterator.return?.()
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const next = await this.#iterator.next()
      if (next.done === true) return undefined
      const { buffer, byteOffset, length } = next.value
      if (length > 0) return Buffer.from(buffer, byteOffset, length)
    }
  }
}

export function endsEarly() {
  return refused('it ends in the middle of an entry; send it again, what came whole is not stored twice')
}
