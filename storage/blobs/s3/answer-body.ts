import type { BufferPool } from '../buffer-pool.ts'
import type { AnswerHead } from './answer-head.ts'
import { ByteRing } from './byte-ring.ts'
import type { S3CallFailed } from './s3-errors.ts'

/** The end of a chunked body (RFC 9112 §7.1) without trailers. */
const LAST_CHUNK = '0\r\n\r\n'

/** What a body asks of the connection that brings it. */
interface Bringer {
  /** There is room again. */
  readonly resume: () => void
  /** Someone waits for a byte from now on. */
  readonly wait: () => void
  /** Nobody wants the rest. */
  readonly abandon: () => void
}

/** The body of one answer, on its way from a connection to whoever reads it. */
export class AnswerBody {
  readonly #pool: BufferPool
  readonly #bringer: Bringer
  readonly #ring: ByteRing
  readonly #isChunked: boolean
  #missing: number
  #tail = ''
  #end: { readonly failure: S3CallFailed | undefined } | undefined
  #woken: (() => void) | undefined
  /** Somebody reads a chunk. */
  #isOut = false
  #released = false

  constructor(length: AnswerHead['body'], pool: BufferPool, bringer: Bringer) {
    this.#pool = pool
    this.#bringer = bringer
    this.#missing = typeof length === 'number' ? length : Number.POSITIVE_INFINITY
    this.#isChunked = length === 'chunked'
    this.#ring = new ByteRing(pool.lend(this.#missing))
    if (this.#missing === 0) this.end(undefined)
  }

  /** Whether all of it has come. */
  get isWhole(): boolean {
    return this.#end !== undefined
  }

  get isFull(): boolean {
    return this.#ring.isFull
  }

  get isAwaited(): boolean {
    return this.#woken !== undefined
  }

  /** Where the next bytes go, no further than the body does. */
  space(): Buffer {
    const space = this.#ring.space()
    return space.length > this.#missing ? space.subarray(0, this.#missing) : space
  }

  /** So many bytes were put into `space`. */
  fill(count: number): void {
    if (this.#isChunked) this.#watchEnd(count)
    this.#ring.fill(count)
    this.#missing -= count
    if (this.#missing === 0) this.end(undefined)
    else this.#wake()
  }

  /** No more bytes come. */
  end(failure: S3CallFailed | undefined): void {
    this.#end ??= { failure: Number.isFinite(this.#missing) && this.#missing > 0 ? failure : undefined }
    this.#wake()
  }

  /**
   * The bytes as they come, with the marks of chunks in between when nobody said how many they are. The memory of each
   * is used again once the next one is asked for. Rejects with S3CallFailed when the connection broke before the end.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      while (await this.#hasMore()) {
        const chunk = this.#ring.chunk()
        this.#isOut = true
        yield chunk
        this.#isOut = false
        this.#ring.empty(chunk.length)
        if (!this.isWhole && !this.isFull) this.#bringer.resume()
      }
    } finally {
      this.leave()
    }
  }

  /**
   * For who does not read, or not to the end. Memory that somebody may still read is never lent again: it could send
   * another blob's bytes to that client.
   */
  leave(): void {
    if (this.#released) return
    this.#released = true
    if (!this.isWhole) this.#bringer.abandon()
    if (this.#isOut) this.#pool.forget(this.#ring.memory)
    else this.#pool.giveBack(this.#ring.memory)
    this.#wake()
  }

  async #hasMore(): Promise<boolean> {
    while (this.#ring.length === 0) {
      if (this.#released) return false
      if (this.#end?.failure !== undefined) throw this.#end.failure
      if (this.#end !== undefined) return false
      this.#bringer.wait()
      await new Promise<void>((resolve) => {
        this.#woken = resolve
      })
    }
    return !this.#released
  }

  #wake(): void {
    this.#woken?.()
    this.#woken = undefined
  }

  #watchEnd(count: number): void {
    const text = this.space().toString('latin1', Math.max(0, count - LAST_CHUNK.length), count)
    this.#tail = (this.#tail + text).slice(-LAST_CHUNK.length)
    if (this.#tail === LAST_CHUNK) this.#missing = count
  }
}
