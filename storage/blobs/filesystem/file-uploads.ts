import { randomUUID } from 'node:crypto'
import type { Digest } from '../../../src/oci/digest.ts'
import {
  type BlobLocation,
  type BlobReader,
  UploadGone,
  type UploadState,
  type UploadWriter,
} from '../blob-store.ts'
import type { BufferPool } from '../buffer-pool.ts'
import { matchesDigest } from './file-digest.ts'
import { FileReader } from './file-reader.ts'
import type { OpenFile } from './file-system.ts'
import { FileWriter } from './file-writer.ts'
import { type FileUpload, isUploadId, locationOf, parseUploadState, uploadPath } from './layout.ts'
import { closeOnError, type StoreDirectory } from './store-directory.ts'

interface FileUploadsParts {
  readonly files: StoreDirectory
  readonly readPool: BufferPool
  readonly writePool: BufferPool
  readonly writebackBytes: number
}

/** The life of an upload's file, from its first byte to its place among the blobs. */
export class FileUploads {
  readonly #parts: FileUploadsParts
  readonly #files: StoreDirectory
  /** Names this run of the program: bytes written by an earlier one may not have reached the disk. */
  readonly #session = randomUUID()
  /** Uploads whose bytes a failed sync may have lost: the kernel reports that once, and forgets it. */
  readonly #spoiled = new Set<string>()

  constructor(parts: FileUploadsParts) {
    this.#parts = parts
    this.#files = parts.files
  }

  async create(id: string): Promise<UploadState> {
    if (!isUploadId(id)) throw new TypeError(`not an upload id: ${id}`)
    await this.#files.createEmpty(uploadPath(id))
    return { id, session: this.#session }
  }

  async append(state: UploadState, offset: number): Promise<UploadWriter> {
    const { id, file } = await this.#open(state, 'r+')
    return closeOnError(file, async () => {
      await cutTo(file, id, offset)
      const { writePool: pool, writebackBytes } = this.#parts
      return new FileWriter({ file, pool, offset, state, writebackBytes, spoil: () => this.#spoil(id) })
    })
  }

  async read(state: UploadState, length: number): Promise<BlobReader> {
    const { id, file } = await this.#open(state, 'r')
    return closeOnError(file, async () => {
      const size = await file.size()
      if (size < length) throw tooShort(id, size, length)
      return new FileReader({ file, pool: this.#parts.readPool, size: length, start: 0, stop: length })
    })
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    const upload = this.#usable(state)
    const path = uploadPath(upload.id)
    const location = locationOf(digest, upload.id)
    const file = await this.#files.openIfThere(path, 'r+')
    if (file === undefined) return this.#completedBefore(upload.id, location, length)
    try {
      await cutTo(file, upload.id, length)
      await this.#checkSurvival(upload, file, length, digest)
      await this.#sync(upload.id, file)
    } finally {
      await file.close()
    }
    await this.#files.rename(path, location)
    await this.#syncName(upload.id, location)
    // After power loss both names may be there and lead to one file; a rename then does nothing.
    if (upload.session !== this.#session) await this.#files.unlinkIfThere(path)
    return location
  }

  async abort(state: UploadState): Promise<void> {
    const upload = parseUploadState(state)
    if (upload === undefined) return
    await this.#files.unlinkIfThere(uploadPath(upload.id))
    this.#spoiled.delete(upload.id)
  }

  /** Appends are not synced: of what was written before the machine went down, any part may be missing. */
  async #checkSurvival(upload: FileUpload, file: OpenFile, length: number, digest: Digest): Promise<void> {
    if (upload.session === this.#session) return
    if (await matchesDigest(file, this.#parts.readPool, length, digest)) return
    throw new UploadGone(`upload ${upload.id} did not survive a restart: its bytes are not ${digest}`)
  }

  async #sync(id: string, file: OpenFile): Promise<void> {
    try {
      await file.sync()
    } catch (error) {
      await this.#spoil(id)
      throw error
    }
  }

  /** The file stays where it is when this fails: a repeated `complete` may have promised it meanwhile. */
  async #syncName(id: string, location: BlobLocation): Promise<void> {
    try {
      await this.#files.syncName(location)
    } catch (error) {
      this.#spoiled.add(id)
      throw error
    }
  }

  /** A crash, or a lost answer, came between the rename and the record. The file was synced before the rename. */
  async #completedBefore(id: string, location: BlobLocation, length: number): Promise<BlobLocation> {
    const facts = await this.#files.factsIfThere(location)
    if (facts === undefined) throw new UploadGone(`upload ${id} is not there`)
    if (facts.size !== length) throw tooShort(id, facts.size, length)
    await this.#files.syncName(location)
    return location
  }

  /** Never rejects: when the file cannot be removed, the set still keeps this run from using it. */
  async #spoil(id: string): Promise<void> {
    this.#spoiled.add(id)
    await this.#files.unlinkIfThere(uploadPath(id)).catch(() => undefined)
  }

  async #open(state: UploadState, flags: 'r' | 'r+'): Promise<{ id: string; file: OpenFile }> {
    const { id } = this.#usable(state)
    const file = await this.#files.openIfThere(uploadPath(id), flags)
    if (file === undefined) throw new UploadGone(`upload ${id} is not there`)
    return { id, file }
  }

  #usable(state: UploadState): FileUpload {
    const upload = parseUploadState(state)
    if (upload === undefined) throw new UploadGone('the upload was not made by this driver')
    if (this.#spoiled.has(upload.id))
      throw new UploadGone(`upload ${upload.id} was spoiled by a disk failure`)
    return upload
  }
}

/** Makes the file end at `length`; rejects with UploadGone when it ends before that. */
async function cutTo(file: OpenFile, id: string, length: number): Promise<void> {
  const size = await file.size()
  if (size < length) throw tooShort(id, size, length)
  if (size > length) await file.truncate(length)
}

function tooShort(id: string, size: number, expected: number): UploadGone {
  return new UploadGone(`upload ${id} has ${size} bytes, expected ${expected}`)
}
