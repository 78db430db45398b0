import { StoreDamaged } from '../../store-errors.ts'
import type { BlobReader } from '../blob-store.ts'
import type { BufferPool } from '../buffer-pool.ts'
import type { OpenFile } from './file-system.ts'

interface FileReaderParts {
  readonly file: OpenFile
  readonly pool: BufferPool
  /** Bytes of the whole blob. */
  readonly size: number
  /** First byte to give, and the first one not to give. */
  readonly start: number
  readonly stop: number
  /** Where the file is, if it is a whole blob. */
  readonly path?: string | undefined
}

type Sink = (chunk: Uint8Array) => Promise<void> | void

/** Bytes read, in a buffer of the pool. */
interface Chunk {
  readonly buffer: Buffer
  readonly length: number
}

/** Reads a span of an open file. Owns the file: it is closed with the reader. */
export class FileReader implements BlobReader {
  readonly size: number
  readonly file: string | undefined
  readonly #parts: FileReaderParts
  #used = false

  constructor(parts: FileReaderParts) {
    this.size = parts.size
    this.file = parts.path
    this.#parts = parts
  }

  async pump(sink: Sink, signal?: AbortSignal): Promise<void> {
    if (this.#used) throw new TypeError('a reader is pumped once, before it is closed')
    this.#used = true
    try {
      await this.#pumpChunks(sink, signal)
    } finally {
      await this.#parts.file.close()
    }
  }

  async close(): Promise<void> {
    if (this.#used) return
    this.#used = true
    await this.#parts.file.close()
  }

  async #pumpChunks(sink: Sink, signal: AbortSignal | undefined): Promise<void> {
    const { start, pool } = this.#parts
    let next: Chunk | undefined
    try {
      for (let position = start; position < this.#parts.stop; ) {
        signal?.throwIfAborted()
        const chunk = next ?? (await this.#fill(position))
        next = undefined
        position += chunk.length
        next = await this.#giveAndReadOn(chunk, sink, position)
      }
    } finally {
      if (next !== undefined) pool.giveBack(next.buffer)
    }
  }

  /**
   * While a chunk is on its way the next one is read, as long as buffers are plenty: somebody who takes gigabytes on a
   * fast line waits for the slower of the two then, not for both.
   */
  async #giveAndReadOn(chunk: Chunk, sink: Sink, position: number): Promise<Chunk | undefined> {
    const { stop, pool } = this.#parts
    if (position >= stop || !pool.plenty) {
      await this.#give(chunk, sink)
      return undefined
    }
    const [given, read] = await Promise.allSettled([this.#give(chunk, sink), this.#fill(position)])
    if (read.status === 'rejected') throw given.status === 'rejected' ? given.reason : read.reason
    if (given.status === 'fulfilled') return read.value
    pool.giveBack(read.value.buffer)
    throw given.reason
  }

  async #give({ buffer, length }: Chunk, sink: Sink): Promise<void> {
    const { pool } = this.#parts
    try {
      await sink(buffer.subarray(0, length))
    } catch (error) {
      // A sink that failed may have left the chunk in a socket's queue. Lent again, the buffer could send
      // another blob's bytes to that client.
      pool.forget(buffer)
      throw error
    }
    pool.giveBack(buffer)
  }

  /** A buffer is lent for one chunk only, so that its size follows the pressure on the pool. */
  async #fill(position: number): Promise<Chunk> {
    const { pool, stop } = this.#parts
    const buffer = pool.lend(stop - position)
    try {
      return { buffer, length: await this.#read(buffer, position) }
    } catch (error) {
      pool.giveBack(buffer)
      throw error
    }
  }

  async #read(buffer: Buffer, position: number): Promise<number> {
    const { file, stop } = this.#parts
    const length = await file.read(buffer, 0, Math.min(buffer.length, stop - position), position)
    if (length === 0) throw new StoreDamaged(`a blob's file ends at ${position}, expected ${stop} bytes`)
    return length
  }
}
