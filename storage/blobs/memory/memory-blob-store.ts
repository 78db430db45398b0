import { type Digest, parseDigest } from '../../../src/oci/digest.ts'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import {
  type BlobLocation,
  type BlobReader,
  type BlobStore,
  type ByteSpan,
  blobLocation,
  type FailedRemoval,
  type RangesReader,
  UploadGone,
  type UploadState,
  type UploadWriter,
} from '../blob-store.ts'
import { readInTurn } from '../read-in-turn.ts'

/** What a memory store holds; give it to the next one to open the same contents again. */
export interface MemoryBlobs {
  readonly uploads: Map<string, Uint8Array>
  readonly blobs: Map<BlobLocation, { readonly bytes: Uint8Array; readonly modified: Date }>
}

export function emptyMemoryBlobs(): MemoryBlobs {
  return { uploads: new Map(), blobs: new Map() }
}

/** Opens a store that lives as long as `contents`. For unit tests: everything is held, nothing is fast. */
export function openMemoryBlobStore(contents: MemoryBlobs = emptyMemoryBlobs()): BlobStore {
  return new MemoryBlobStore(contents)
}

class MemoryBlobStore implements BlobStore {
  readonly #contents: MemoryBlobs
  #closed = false
  readonly readsUploads = true

  constructor(contents: MemoryBlobs) {
    this.#contents = contents
  }

  async read(location: BlobLocation, range?: ByteSpan): Promise<BlobReader | undefined> {
    const bytes = this.#open().blobs.get(location)?.bytes
    if (bytes === undefined) return undefined
    if (range === undefined) return memoryReader(bytes, bytes.length)
    if (!(range.start >= 0 && range.start <= range.end)) {
      throw new RangeError(`no range of bytes: ${range.start}-${range.end}`)
    }
    if (range.end >= bytes.length) throw new StoreDamaged(`${location} has only ${bytes.length} bytes`)
    return memoryReader(bytes.subarray(range.start, range.end + 1), bytes.length)
  }

  async readMany(location: BlobLocation, ranges: readonly ByteSpan[]): Promise<RangesReader | undefined> {
    return readInTurn((range) => this.read(location, range), ranges)
  }

  async presign(): Promise<undefined> {
    return undefined
  }

  async size(location: BlobLocation): Promise<number | undefined> {
    return this.#open().blobs.get(location)?.bytes.length
  }

  async remove(location: BlobLocation): Promise<void> {
    this.#open().blobs.delete(location)
  }

  async removeMany(locations: readonly BlobLocation[]): Promise<readonly FailedRemoval[]> {
    for (const location of locations) await this.remove(location)
    return []
  }

  async *list(): ReturnType<BlobStore['list']> {
    for (const [location, { bytes, modified }] of this.#open().blobs) {
      const [digest, upload = ''] = location.slice('memory/'.length).split('.')
      const parsed = parseDigest(digest ?? '')
      if (parsed !== undefined) yield { location, size: bytes.length, modified, digest: parsed, upload }
    }
  }

  async *uploads(): ReturnType<BlobStore['uploads']> {
    for (const id of this.#open().uploads.keys()) yield { id, state: { id }, modified: new Date() }
  }

  async create(id: string): Promise<UploadState> {
    const { uploads } = this.#open()
    if (uploads.has(id)) throw new StoreUnavailable(`upload ${id} exists`)
    uploads.set(id, new Uint8Array())
    return { id }
  }

  async append(state: UploadState, offset: number): Promise<UploadWriter> {
    const { uploads } = this.#open()
    const { id, bytes } = this.#upload(state, offset)
    uploads.set(id, bytes)
    return memoryWriter(bytes, (all) => {
      uploads.set(id, all)
      return state
    })
  }

  async readUpload(state: UploadState, length: number): Promise<BlobReader> {
    return memoryReader(this.#upload(state, length).bytes, length)
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    const { uploads, blobs } = this.#open()
    const location = blobLocation(`memory/${digest}.${String(state['id'])}`)
    if (blobs.get(location)?.bytes.length === length) return location
    const { id, bytes } = this.#upload(state, length)
    blobs.set(location, { bytes, modified: new Date() })
    uploads.delete(id)
    return location
  }

  async abort(state: UploadState): Promise<void> {
    this.#open().uploads.delete(String(state['id']))
  }

  async freeBytes(): Promise<undefined> {
    this.#open()
    return undefined
  }

  async check(): Promise<void> {
    this.#open()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #open(): MemoryBlobs {
    if (this.#closed) throw new StoreUnavailable('the blob store is closed')
    return this.#contents
  }

  #upload(state: UploadState, length: number): { readonly id: string; readonly bytes: Uint8Array } {
    const id = String(state['id'])
    const bytes = this.#open().uploads.get(id)
    if (bytes === undefined || bytes.length < length)
      throw new UploadGone(`upload ${id} has no ${length} bytes`)
    return { id, bytes: bytes.subarray(0, length) }
  }
}

function memoryWriter(before: Uint8Array, store: (all: Uint8Array) => UploadState): UploadWriter {
  const pieces = [before]
  let closed: UploadState | undefined
  return {
    async write(chunk) {
      if (closed !== undefined) throw new TypeError('the writer is closed')
      pieces.push(Uint8Array.from(chunk))
    },
    async close() {
      closed ??= store(Buffer.concat(pieces))
      return closed
    },
  }
}

const CHUNK = 64 * 1024

function memoryReader(bytes: Uint8Array, size: number): BlobReader {
  let used = false
  return {
    size,
    async pump(sink, signal) {
      if (used) throw new TypeError('a reader is pumped once, before it is closed')
      used = true
      for (let position = 0; position < bytes.length; position += CHUNK) {
        signal?.throwIfAborted()
        const chunk = Uint8Array.from(bytes.subarray(position, position + CHUNK))
        await sink(chunk)
        // As a driver with reused buffers would: a sink that kept the chunk without copying it shows.
        chunk.fill(0xdd)
      }
    },
    async close() {
      used = true
    },
  }
}
