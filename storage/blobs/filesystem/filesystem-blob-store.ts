import { resolve } from 'node:path'
import type { Digest } from '../../../src/oci/digest.ts'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import {
  type BlobLocation,
  type BlobReader,
  type BlobStore,
  type ByteSpan,
  type FailedRemoval,
  type RangesReader,
  type UploadState,
  type UploadWriter,
} from '../blob-store.ts'
import { BufferPool } from '../buffer-pool.ts'
import { readInTurn } from '../read-in-turn.ts'
import { withStoreErrors } from './file-errors.ts'
import { FileReader } from './file-reader.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { FileUploads } from './file-uploads.ts'
import {
  BLOB_PARENTS,
  FAN_OUT,
  isLocation,
  isUploadId,
  parseLocation,
  stateOfOther,
  UPLOADS,
  uploadPath,
} from './layout.ts'
import { removeFiles } from './remove-files.ts'
import { makeSkeleton } from './skeleton.ts'
import { closeOnError, StoreDirectory } from './store-directory.ts'

export interface FilesystemBlobStoreOptions {
  /** Made when missing. Uploads and blobs share it: it must lie in one file system. */
  readonly directory: string
  readonly fs?: FileSystem
  readonly readPool?: BufferPool
  readonly writePool?: BufferPool
  /** Bytes of an upload after which the kernel is asked to start writing to the disk; 64 MiB by default. */
  readonly writebackBytes?: number
}

const WRITEBACK_BYTES = 64 * 1024 * 1024

/** Opens the store in a directory of the local file system; rejects with NoSpace or StoreUnavailable. */
export async function openFilesystemBlobStore(options: FilesystemBlobStoreOptions): Promise<BlobStore> {
  const directory = resolve(options.directory)
  const fs = withStoreErrors(options.fs ?? nodeFileSystem)
  await makeSkeleton(fs, directory)
  const files = new StoreDirectory(fs, directory)
  const readPool = options.readPool ?? new BufferPool()
  const writePool = options.writePool ?? new BufferPool()
  const writebackBytes = options.writebackBytes ?? WRITEBACK_BYTES
  const uploads = new FileUploads({ files, readPool, writePool, writebackBytes })
  return new FilesystemBlobStore({ files, readPool, uploads })
}

interface Parts {
  readonly files: StoreDirectory
  readonly readPool: BufferPool
  readonly uploads: FileUploads
}

class FilesystemBlobStore implements BlobStore {
  readonly #openParts: Parts
  #closed = false
  readonly readsUploads = true

  constructor(parts: Parts) {
    this.#openParts = parts
  }

  async read(location: BlobLocation, range?: ByteSpan): Promise<BlobReader | undefined> {
    const { files, readPool: pool } = this.#parts()
    if (range !== undefined && !(range.start >= 0 && range.start <= range.end)) {
      throw new RangeError(`no range of bytes: ${range.start}-${range.end}`)
    }
    const file = isLocation(location) ? await files.openIfThere(location, 'r') : undefined
    if (file === undefined) return undefined
    return closeOnError(file, async () => {
      const size = await file.size()
      const stop = range === undefined ? size : range.end + 1
      if (stop > size) throw new StoreDamaged(`${location} has ${size} bytes, expected ${stop} or more`)
      const path = range === undefined ? files.pathOf(location) : undefined
      return new FileReader({ file, pool, size, start: range?.start ?? 0, stop, path })
    })
  }

  async readMany(location: BlobLocation, ranges: readonly ByteSpan[]): Promise<RangesReader | undefined> {
    return readInTurn((range) => this.read(location, range), ranges)
  }

  async presign(): Promise<undefined> {
    return undefined
  }

  async size(location: BlobLocation): Promise<number | undefined> {
    const { files } = this.#parts()
    const facts = isLocation(location) ? await files.factsIfThere(location) : undefined
    return facts?.size
  }

  readonly linkTo = async (location: BlobLocation, path: string): Promise<boolean> => {
    const { files } = this.#parts()
    return isLocation(location) && (await files.shareIfThere(location, path))
  }

  /** Not synced: bytes that come back after power loss have no record, and the sweep finds them. */
  async remove(location: BlobLocation): Promise<void> {
    const { files } = this.#parts()
    if (isLocation(location)) await files.unlinkIfThere(location)
  }

  async removeMany(locations: readonly BlobLocation[]): Promise<readonly FailedRemoval[]> {
    const { files } = this.#parts()
    return removeFiles(files, locations)
  }

  async *list(): ReturnType<BlobStore['list']> {
    const { files } = this.#parts()
    for (const directory of BLOB_PARENTS.flatMap((parent) => FAN_OUT.map((byte) => `${parent}/${byte}`))) {
      for await (const name of files.names(directory)) {
        const parsed = parseLocation(`${directory}/${name}`)
        if (parsed === undefined) continue
        const facts = await files.factsIfThere(parsed.location)
        if (facts !== undefined) yield { ...parsed, size: facts.size, modified: facts.mtime }
      }
    }
  }

  async *uploads(): ReturnType<BlobStore['uploads']> {
    const { files } = this.#parts()
    for await (const id of files.names(UPLOADS)) {
      const facts = isUploadId(id) ? await files.factsIfThere(uploadPath(id)) : undefined
      if (facts !== undefined) yield { id, state: stateOfOther(id), modified: facts.mtime }
    }
  }

  async create(id: string): Promise<UploadState> {
    return this.#parts().uploads.create(id)
  }

  async append(state: UploadState, offset: number): Promise<UploadWriter> {
    return this.#parts().uploads.append(state, offset)
  }

  async readUpload(state: UploadState, length: number): Promise<BlobReader> {
    return this.#parts().uploads.read(state, length)
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    return this.#parts().uploads.complete(state, length, digest)
  }

  async abort(state: UploadState): Promise<void> {
    return this.#parts().uploads.abort(state)
  }

  async freeBytes(): Promise<number> {
    return this.#parts().files.freeBytes()
  }

  /** Its folders were made at the start: without them another disk is there, or none. */
  async check(): Promise<void> {
    const { files } = this.#parts()
    for (const parent of BLOB_PARENTS)
      if ((await files.factsIfThere(parent)) === undefined)
        throw new StoreUnavailable(`there is no ${files.pathOf(parent)} any more: is its disk mounted?`)
  }

  /** Readers and writers that are open go on to their end. */
  async close(): Promise<void> {
    this.#closed = true
  }

  #parts(): Parts {
    if (this.#closed) throw new StoreUnavailable('the blob store is closed')
    return this.#openParts
  }
}
