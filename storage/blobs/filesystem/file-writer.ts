import type { UploadState, UploadWriter } from '../blob-store.ts'
import type { BufferPool } from '../buffer-pool.ts'
import type { OpenFile } from './file-system.ts'

interface FileWriterParts {
  readonly file: OpenFile
  readonly pool: BufferPool
  /** Where the first byte goes. */
  readonly offset: number
  /** The state to give at the end. */
  readonly state: UploadState
  /** Bytes after which the kernel is asked to start writing to the disk. */
  readonly writebackBytes: number
  /** Called when written bytes may have been lost: nothing may be built on them. */
  readonly spoil: () => Promise<void>
}

const FIRST_BUFFER = 128 * 1024
const NEXT_BUFFERS = 1024 * 1024

/**
 * Gathers chunks, as sockets give them, into large writes: one is under way while the next one fills (and while
 * the caller hashes). The first failure is kept and given to every later call.
 */
export class FileWriter implements UploadWriter {
  readonly #parts: FileWriterParts
  #buffer: Buffer | undefined
  #filled = 0
  #wanted = FIRST_BUFFER
  #position: number
  #underWay: Promise<void> = Promise.resolve()
  #writeback: Promise<void> | undefined
  #unsyncedBytes = 0
  #failure: { readonly error: unknown } | undefined
  #closed: Promise<UploadState> | undefined

  constructor(parts: FileWriterParts) {
    this.#parts = parts
    this.#position = parts.offset
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) throw new TypeError('the writer is closed')
    let taken = 0
    while (taken < chunk.length) {
      this.#throwFailure()
      const buffer = (this.#buffer ??= this.#parts.pool.lend(this.#wanted))
      const part = chunk.subarray(taken, taken + buffer.length - this.#filled)
      buffer.set(part, this.#filled)
      this.#filled += part.length
      taken += part.length
      if (this.#filled === buffer.length) await this.#flush()
    }
  }

  close(): Promise<UploadState> {
    this.#closed ??= this.#finish()
    return this.#closed
  }

  async #finish(): Promise<UploadState> {
    await this.#flush()
    await this.#underWay
    await this.#writeback
    try {
      await this.#parts.file.close()
    } catch (error) {
      // Network file systems report lost writes here.
      await this.#spoil(error)
    }
    this.#throwFailure()
    return this.#parts.state
  }

  /** Starts to write what was gathered, once the write before it is through. */
  async #flush(): Promise<void> {
    await this.#underWay
    const buffer = this.#buffer
    if (buffer === undefined) return
    this.#underWay = this.#writeOut(buffer, this.#filled)
    this.#buffer = undefined
    this.#filled = 0
    this.#wanted = NEXT_BUFFERS
  }

  /** Never rejects: nobody may be waiting for it. */
  async #writeOut(buffer: Buffer, length: number): Promise<void> {
    try {
      for (let done = 0; done < length && this.#failure === undefined; ) {
        const written = await this.#parts.file.write(buffer, done, length - done, this.#position)
        this.#position += written
        done += written
      }
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#parts.pool.giveBack(buffer)
    }
    this.#startWriteback(length)
  }

  /** Keeps the disk busy while bytes still arrive, so that the sync in `complete` has little left to do. */
  #startWriteback(length: number): void {
    this.#unsyncedBytes += length
    if (this.#unsyncedBytes < this.#parts.writebackBytes || this.#writeback !== undefined) return
    this.#unsyncedBytes = 0
    this.#writeback = this.#syncData()
  }

  async #syncData(): Promise<void> {
    try {
      await this.#parts.file.datasync()
    } catch (error) {
      await this.#spoil(error)
    } finally {
      this.#writeback = undefined
    }
  }

  async #spoil(error: unknown): Promise<void> {
    this.#failure ??= { error }
    await this.#parts.spoil()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
