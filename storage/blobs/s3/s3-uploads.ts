import type { Digest } from '../../../src/oci/digest.ts'
import { StoreUnavailable } from '../../store-errors.ts'
import {
  type AppendOptions,
  type BlobLocation,
  type BlobReader,
  UploadGone,
  type UploadState,
  type UploadWriter,
} from '../blob-store.ts'
import type { Bucket, Multipart } from './bucket.ts'
import { HeldBytes } from './held-bytes.ts'
import { dataKey, isUploadId, markerOf, objectOf, sideKey, sidePrefix, uploadOfSide } from './layout.ts'
import type { ClaimedMemory, PartMemory } from './part-memory.ts'
import type { PartPlan } from './part-plan.ts'
import { PartWriter } from './part-writer.ts'
import { looseBody } from './upload-body.ts'
import { cutUpload, decodeUpload, encodeUpload, newUpload, type S3Upload } from './upload-state.ts'

interface S3UploadsParts {
  readonly bucket: Bucket
  readonly plan: PartPlan
  readonly memory: PartMemory
  /** Milliseconds that bytes keep memory without moving on. */
  readonly idle: number
}

/** The life of an upload, from its first part to its place among the blobs. */
export class S3Uploads {
  readonly #parts: S3UploadsParts
  readonly #held: HeldBytes

  constructor(parts: S3UploadsParts) {
    this.#parts = parts
    this.#held = new HeldBytes(parts.idle)
  }

  /** No call: the record of the upload is all there is of it so far. */
  create(id: string): UploadState {
    if (!isUploadId(id)) throw new TypeError(`not an upload id: ${id}`)
    return encodeUpload(newUpload(id))
  }

  async append(state: UploadState, offset: number, options: AppendOptions): Promise<UploadWriter> {
    const recorded = known(state)
    this.#held.drop(recorded.held?.name)
    const upload = cutUpload(this.#parts.plan, { ...recorded, held: undefined }, offset)
    if (offset > 0) await this.#checkThere(upload)
    return new PartWriter({
      ...this.#parts,
      upload,
      expected: options.expected,
      record: options.record,
      hold: (memory) => this.#held.hold(memory),
    })
  }

  async read(state: UploadState, length: number): Promise<BlobReader> {
    const upload = cutUpload(this.#parts.plan, known(state), length)
    if (upload.parts.length > 0)
      throw new UploadGone(`upload ${upload.id} has parts, and S3 gives none back before the last one`)
    if (length > 0) await this.#checkThere(upload)
    const body = looseBody(this.#parts.bucket, upload, this.#held.find(upload.held?.name))
    if (body.length !== length) throw new UploadGone(`upload ${upload.id} has no ${length} bytes here`)
    return bodyReader(body)
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    const { bucket, plan } = this.#parts
    const recorded = known(state)
    const memory = this.#held.take(recorded.held?.name)
    try {
      const upload = cutUpload(plan, recorded, length)
      const place = placeOf(upload, length, digest)
      const whole = upload.held === undefined || memory !== undefined
      const finished = whole && (await this.#finish(upload, place, memory))
      await this.#checkStored(place, length, { finished, whole })
      await this.#removeSide(recorded)
      if (recorded.uploadId !== undefined && upload.parts.length === 0)
        await bucket.abandon({ key: dataKey(upload.id), uploadId: recorded.uploadId })
      return place.location
    } finally {
      memory?.release()
    }
  }

  /** First what the state knows, then what a process that ended in the middle has not told it. */
  async abort(state: UploadState): Promise<void> {
    const { bucket } = this.#parts
    const upload = decodeUpload(state)
    if (upload === undefined) return
    this.#held.drop(upload.held?.name)
    const key = dataKey(upload.id)
    if (upload.uploadId !== undefined) await bucket.abandon({ key, uploadId: upload.uploadId })
    for (const multipart of await bucket.multipartsOf(key)) await bucket.abandon(multipart)
    const side: string[] = []
    for await (const object of bucket.list(sidePrefix(upload.id)))
      if (uploadOfSide(object.key) === upload.id) side.push(object.key)
    await removeAll(bucket, side)
  }

  /** Makes the object; false when bytes that the state speaks of are not there, as after an earlier `complete`. */
  async #finish(
    upload: S3Upload,
    { key, marker }: Place,
    memory: ClaimedMemory | undefined,
  ): Promise<boolean> {
    try {
      if (marker === undefined) return await this.#putWhole(upload, key, memory)
      const { uploadId } = upload
      return uploadId !== undefined && (await this.#finishParts({ ...upload, uploadId }, marker, memory))
    } catch (error) {
      if (error instanceof UploadGone) return false
      throw error
    }
  }

  async #finishParts(
    upload: S3Upload & { readonly uploadId: string },
    marker: BlobLocation,
    memory: ClaimedMemory | undefined,
  ): Promise<boolean> {
    const multipart = { key: dataKey(upload.id), uploadId: upload.uploadId }
    const [last] = await Promise.all([this.#lastPart(multipart, upload, memory), this.#mark(marker)])
    return this.#parts.bucket.finish(multipart, [...upload.parts, ...last])
  }

  /** The etag of the part that the loose bytes make, if there are any. */
  async #lastPart(
    multipart: Multipart,
    upload: S3Upload,
    memory: ClaimedMemory | undefined,
  ): Promise<readonly string[]> {
    const { bucket } = this.#parts
    const body = looseBody(bucket, upload, memory)
    if (body.length === 0) return []
    if (upload.last !== undefined && memory === undefined) return [upload.last]
    const etag = await bucket.part(multipart, upload.parts.length + 1, body)
    if (etag === undefined) throw new UploadGone(`the multipart upload of ${upload.id} is not there`)
    return [etag]
  }

  /** A blob below the size of a part. What is a side object already is copied by S3 itself. */
  async #putWhole(upload: S3Upload, key: string, memory: ClaimedMemory | undefined): Promise<boolean> {
    const { bucket } = this.#parts
    const single = singleObject(upload)
    if (single !== undefined && memory === undefined) return bucket.copy(single, key)
    await bucket.put(key, looseBody(bucket, upload, memory))
    return true
  }

  async #mark(marker: BlobLocation): Promise<void> {
    await this.#parts.bucket.put(marker, { length: 0, open: () => [] })
  }

  /**
   * Whether the object is there, and whole: S3's word, or that of a proxy before it, is not taken for it, since nobody has
   * these bytes any more once they are acknowledged. Without `finished` an earlier `complete`, perhaps one whose answer
   * was lost, may have made it; not `whole`: the bytes of the last append were not held long enough, since records could
   * not be written meanwhile, and what is recorded is still good.
   */
  async #checkStored(
    { key, marker }: Place,
    length: number,
    { finished, whole }: { readonly finished: boolean; readonly whole: boolean },
  ): Promise<void> {
    const { bucket } = this.#parts
    const found = await bucket.head(key)
    if (found?.size === length) return
    if (marker !== undefined) await removeAll(bucket, [marker])
    if (finished) throw notKept(key, length, found?.size)
    if (whole) throw new UploadGone(`${key} has no ${length} bytes`)
    throw new StoreUnavailable(`the last bytes of ${key} waited too long, and have to be sent again`)
  }

  /** One look at the end of what is there: an upload that was ended has none of it. */
  async #checkThere(upload: S3Upload): Promise<void> {
    const { bucket } = this.#parts
    const { id, side, uploadId, parts } = upload
    const last = side.at(-1)
    if (last !== undefined) {
      if ((await bucket.head(sideKey(id, last.name))) === undefined)
        throw new UploadGone(`upload ${id} has lost its side object`)
    } else if (uploadId !== undefined && parts.length > 0) {
      if (!(await bucket.isOpen({ key: dataKey(id), uploadId })))
        throw new UploadGone(`upload ${id} has lost its parts`)
    }
  }

  async #removeSide({ id, side }: S3Upload): Promise<void> {
    await removeAll(
      this.#parts.bucket,
      side.map(({ name }) => sideKey(id, name)),
    )
  }
}

function notKept(key: string, length: number, size: number | undefined): StoreUnavailable {
  const there = size === undefined ? 'nothing is there' : `${size} bytes are there`
  return new StoreUnavailable(
    `S3 said that ${key} is stored, and ${there} instead of ${length}: what answers at LAMINA_S3_ENDPOINT does not do what it says`,
  )
}

/** Where the bytes of an upload end, and what says that they are there when the key of the bytes does not. */
interface Place {
  readonly location: BlobLocation
  readonly key: string
  readonly marker: BlobLocation | undefined
}

/** By what is recorded alone, so that who completes again, in whichever process, comes to the same place. */
function placeOf({ id, parts }: S3Upload, length: number, digest: Digest): Place {
  if (parts.length === 0) {
    const location = objectOf(digest, id, length)
    return { location, key: location, marker: undefined }
  }
  const marker = markerOf(digest, id, length)
  return { location: marker, key: dataKey(id), marker }
}

function known(state: UploadState): S3Upload {
  const upload = decodeUpload(state)
  if (upload === undefined) throw new UploadGone('no upload of this store')
  return upload
}

/** The key of the side object that is, whole, all the loose bytes. */
function singleObject({ id, side }: S3Upload): string | undefined {
  const [only] = side
  return only !== undefined && side.length === 1 && only.size === only.stored
    ? sideKey(id, only.name)
    : undefined
}

const BATCH = 1000

async function removeAll(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH) {
    const [failed] = await bucket.remove(keys.slice(at, at + BATCH))
    if (failed !== undefined) throw failed.error
  }
}

function bodyReader(body: ReturnType<typeof looseBody>): BlobReader {
  let used = false
  return {
    size: body.length,
    async pump(sink, signal) {
      if (used) throw new TypeError('a reader is pumped once, before it is closed')
      used = true
      signal?.throwIfAborted()
      for await (const chunk of body.open()) {
        await sink(chunk)
        signal?.throwIfAborted()
      }
    },
    async close() {
      used = true
    },
  }
}
