import type { Digest } from '../../../src/oci/digest.ts'
import { StoreUnavailable } from '../../store-errors.ts'
import {
  type AppendOptions,
  type BlobLocation,
  type BlobReader,
  type BlobStore,
  type ByteSpan,
  type FailedRemoval,
  type RangesReader,
  type UploadState,
  type UploadWriter,
} from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { LOCATION_PARENTS, parseLocation, SIDE_OBJECTS, uploadOfSide } from './layout.ts'
import { openReader } from './object-reader.ts'
import { PartMemory } from './part-memory.ts'
import { PART_PLAN, type PartPlan } from './part-plan.ts'
import { openRanges } from './ranges-reader.ts'
import { removeBlobs } from './remove-blobs.ts'
import { S3Uploads } from './s3-uploads.ts'
import type { Tenure } from './tenure.ts'
import { encodeUpload, newUpload } from './upload-state.ts'

export interface S3BlobStoreParts {
  readonly bucket: Bucket
  /** Says before anything is listed, made or removed whether the prefix is still this registry's. */
  readonly tenure: Tenure
  /** Bytes for the parts of all uploads. */
  readonly memory: number
  readonly plan?: PartPlan
  /** Milliseconds that a part without new bytes keeps its memory; 10 s by default. */
  readonly idle?: number
}

const IDLE_MS = 10_000

/** A store in a bucket that is known to be this registry's. */
export function createS3BlobStore(parts: S3BlobStoreParts): BlobStore {
  return new S3BlobStore(parts)
}

class S3BlobStore implements BlobStore {
  readonly #openBucket: Bucket
  readonly #tenure: Tenure
  readonly #openUploads: S3Uploads
  #closed = false
  readonly readsUploads = false

  constructor({ bucket, tenure, memory, plan = PART_PLAN, idle = IDLE_MS }: S3BlobStoreParts) {
    this.#openBucket = bucket
    this.#tenure = tenure
    this.#openUploads = new S3Uploads({ bucket, plan, memory: new PartMemory(memory), idle })
  }

  async read(location: BlobLocation, range?: ByteSpan): Promise<BlobReader | undefined> {
    const bucket = this.#bucket()
    const place = parseLocation(location)
    return place && openReader(bucket, place.dataKey, range)
  }

  async readMany(location: BlobLocation, ranges: readonly ByteSpan[]): Promise<RangesReader | undefined> {
    const bucket = this.#bucket()
    const place = parseLocation(location)
    return place && openRanges(bucket, place.dataKey, ranges)
  }

  async presign(location: BlobLocation, seconds: number): Promise<string | undefined> {
    const bucket = this.#bucket()
    const place = parseLocation(location)
    return place && bucket.presign(place.dataKey, seconds)
  }

  async size(location: BlobLocation): Promise<number | undefined> {
    const bucket = this.#bucket()
    const place = parseLocation(location)
    const facts = place && (await bucket.head(place.dataKey))
    return facts?.size
  }

  async remove(location: BlobLocation): Promise<void> {
    const [failed] = await this.removeMany([location])
    if (failed !== undefined) throw failed.error
  }

  async removeMany(locations: readonly BlobLocation[]): Promise<readonly FailedRemoval[]> {
    const bucket = this.#bucket()
    this.#tenure.requireHeld()
    return removeBlobs(bucket, locations)
  }

  async mayRemove(): Promise<boolean> {
    this.#bucket()
    return this.#tenure.mayRemove()
  }

  async *list(): ReturnType<BlobStore['list']> {
    const bucket = this.#bucket()
    // What follows a listing may remove what no record names: never in another registry's prefix.
    await this.#tenure.check()
    for (const parent of LOCATION_PARENTS) {
      for await (const { key, modified } of bucket.list(parent)) {
        const place = parseLocation(key)
        if (place === undefined) continue
        const { location, size, digest, upload } = place
        yield { location, size, modified, digest, upload }
      }
    }
  }

  /** Those with bytes beside their parts: of others only their records know. */
  async *uploads(): ReturnType<BlobStore['uploads']> {
    const bucket = this.#bucket()
    await this.#tenure.check()
    let last: string | undefined
    for await (const { key, modified } of bucket.list(SIDE_OBJECTS)) {
      const id = uploadOfSide(key)
      if (id === undefined || id === last) continue
      last = id
      yield { id, state: encodeUpload(newUpload(id)), modified }
    }
  }

  async create(id: string): Promise<UploadState> {
    return this.#uploads().create(id)
  }

  async append(state: UploadState, offset: number, options: AppendOptions = {}): Promise<UploadWriter> {
    return this.#uploads().append(state, offset, options)
  }

  async readUpload(state: UploadState, length: number): Promise<BlobReader> {
    return this.#uploads().read(state, length)
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    const uploads = this.#uploads()
    this.#tenure.requireHeld()
    return uploads.complete(state, length, digest)
  }

  async abort(state: UploadState): Promise<void> {
    return this.#uploads().abort(state)
  }

  async freeBytes(): Promise<undefined> {
    this.#bucket()
    return undefined
  }

  async check(): Promise<void> {
    this.#bucket()
    await this.#tenure.check()
  }

  /** Ends calls under way: a silent S3 would hold the process. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#tenure.end()
    this.#openBucket.close()
  }

  #bucket(): Bucket {
    if (this.#closed) throw new StoreUnavailable('the blob store is closed')
    return this.#openBucket
  }

  #uploads(): S3Uploads {
    this.#bucket()
    return this.#openUploads
  }
}
