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

  async pump(sink: (chunk: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    if (this.#used) throw new TypeError('a reader is pumped once, before it is closed')
    this.#used = true
    try {
      let position = this.#parts.start
      while (position < this.#parts.stop) {
        signal?.throwIfAborted()
        position += await this.#pumpChunk(position, sink)
      }
    } finally {
      await this.#parts.file.close()
    }
  }

  async close(): Promise<void> {
    if (this.#used) return
    this.#used = true
    await this.#parts.file.close()
  }

  /** A buffer is lent for one chunk only, so that its size follows the pressure on the pool. */
  async #pumpChunk(position: number, sink: (chunk: Uint8Array) => Promise<void> | void): Promise<number> {
    const { pool } = this.#parts
    const buffer = pool.lend(this.#parts.stop - position)
    let idle = true
    try {
      const length = await this.#read(buffer, position)
      idle = false
      await sink(buffer.subarray(0, length))
      idle = true
      return length
    } finally {
      // A sink that failed may have left the chunk in a socket's queue. Lent again, the buffer could send
      // another blob's bytes to that client.
      if (idle) pool.giveBack(buffer)
      else pool.forget(buffer)
    }
  }

  async #read(buffer: Buffer, position: number): Promise<number> {
    const { file, stop } = this.#parts
    const length = await file.read(buffer, 0, Math.min(buffer.length, stop - position), position)
    if (length === 0) throw new StoreDamaged(`a blob's file ends at ${position}, expected ${stop} bytes`)
    return length
  }
}
