import { randomUUID } from 'node:crypto'
import { UploadGone, type UploadState, type UploadWriter } from '../blob-store.ts'
import type { Bucket, Multipart } from './bucket.ts'
import { dataKey, sideKey } from './layout.ts'
import type { ClaimedMemory, PartMemory } from './part-memory.ts'
import { type PartPlan, partSize } from './part-plan.ts'
import { looseBody } from './upload-body.ts'
import { encodeUpload, type S3Upload, sideLength } from './upload-state.ts'

/** Parts of one upload on their way at the same time. */
const IN_FLIGHT = 4

/** Side objects of one part before they are put together, when they are small. */
const MOST_SIDE = 8

export interface PartWriterParts {
  readonly bucket: Bucket
  readonly plan: PartPlan
  readonly memory: PartMemory
  /** Milliseconds that a part without new bytes keeps its memory. */
  readonly idle: number
  readonly upload: S3Upload
  /** Bytes that are going to be written, when that is known. */
  readonly expected: number | undefined
  /** Records the state in the middle of an append, so that what begins here is known to who has to end it. */
  readonly record: ((state: UploadState) => Promise<void>) | undefined
  /** Keeps the last bytes for a `complete` that follows at once; gives their name. */
  readonly hold: (memory: ClaimedMemory) => string
}

/**
 * Cuts what is written into parts and sends each as soon as it is full, several at a time, while more comes in. Memory
 * is claimed before bytes are taken. What fills no part ends in a side object: at the end, or after a while without
 * bytes. The first failure is kept and given to every later call.
 */
export class PartWriter implements UploadWriter {
  readonly #parts: PartWriterParts
  #upload: S3Upload
  #etags: (string | undefined)[]
  #multipart: Promise<Multipart> | undefined
  #memory: ClaimedMemory | undefined
  #left: number
  readonly #sending = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #closed: Promise<UploadState> | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #lastWrite = 0
  /** Bytes are being set aside; a write waits for it. */
  #settingAside: Promise<void> | undefined

  constructor(parts: PartWriterParts) {
    this.#parts = parts
    this.#upload = { ...parts.upload, last: undefined, held: undefined }
    this.#etags = [...parts.upload.parts]
    this.#left = parts.expected ?? Number.POSITIVE_INFINITY
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) throw new TypeError('the writer is closed')
    for (let taken = 0; taken < chunk.length; ) {
      // Only now: what is full may also be all there is.
      if (this.#memory?.room === 0) void this.#setAside()
      await this.#settingAside
      this.#throwFailure()
      const memory = (this.#memory ??= await this.#claim())
      const count = memory.take(chunk.subarray(taken, taken + this.#roomInPart(memory)))
      taken += count
      this.#left = Math.max(0, this.#left - count)
      this.#lastWrite = performance.now()
      if (this.#roomInPart(memory) === 0) await this.#send(memory)
    }
  }

  close(ending?: { readonly completing: boolean }): Promise<UploadState> {
    this.#closed ??= this.#finish(ending?.completing === true)
    return this.#closed
  }

  async #finish(completing: boolean): Promise<UploadState> {
    clearTimeout(this.#idleTimer)
    await this.#settingAside
    const memory = this.#memory
    try {
      await Promise.all(this.#sending)
      const last = !completing && this.#failure === undefined
      if (memory !== undefined && last) await this.#setAsideLast(memory)
      this.#throwFailure()
      const state = await this.#state()
      if (memory === undefined || !completing) return encodeUpload(state)
      const size = memory.length
      this.#memory = undefined
      return encodeUpload({ ...state, held: { name: this.#parts.hold(memory), size } })
    } finally {
      await Promise.all(this.#sending)
      this.#memory?.release()
      this.#memory = undefined
    }
  }

  /** The upload as it is stored now. */
  async #state(): Promise<S3Upload> {
    const multipart = await this.#multipart
    const parts = this.#etags.filter((etag) => etag !== undefined)
    if (parts.length < this.#etags.length) throw new TypeError('a part has no etag after it was sent')
    return { ...this.#upload, uploadId: multipart?.uploadId ?? this.#upload.uploadId, parts }
  }

  async #claim(): Promise<ClaimedMemory> {
    const { memory, plan, idle } = this.#parts
    const missing = partSize(plan, this.#etags.length) - sideLength(this.#upload)
    const claimed = await memory.claim(Math.min(missing, this.#mostClaimed, Math.max(1, this.#left)))
    this.#lastWrite = performance.now()
    this.#watch(idle)
    return claimed
  }

  /** Parts above this are put together from side objects of this size. */
  get #mostClaimed(): number {
    return Math.max(1, Math.floor(this.#parts.memory.capacity / 4))
  }

  #roomInPart(memory: ClaimedMemory): number {
    return partSize(this.#parts.plan, this.#etags.length) - sideLength(this.#upload) - memory.length
  }

  /** Frees the memory of a client that pauses, or that is slow while others wait. */
  #watch(after: number): void {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = setTimeout(() => {
      const idle = performance.now() - this.#lastWrite >= this.#parts.idle
      if (this.#memory === undefined || this.#closed !== undefined) return
      if (idle || this.#parts.memory.waiting > 0) void this.#setAside()
      else this.#watch(this.#parts.idle)
    }, after).unref()
  }

  /** Sends the part that is full now, once fewer than a few are on their way. */
  async #send(memory: ClaimedMemory): Promise<void> {
    clearTimeout(this.#idleTimer)
    const loose = { ...this.#upload }
    const index = this.#etags.push(undefined) - 1
    this.#upload = { ...this.#upload, side: [] }
    this.#memory = undefined
    const sent = this.#sendPart(index, loose, memory)
    this.#sending.add(sent)
    void sent.then(() => this.#sending.delete(sent))
    while (this.#sending.size >= IN_FLIGHT) await Promise.race(this.#sending)
  }

  /** Never rejects: nobody may be waiting for it. */
  async #sendPart(index: number, loose: S3Upload, memory: ClaimedMemory): Promise<void> {
    const { bucket } = this.#parts
    try {
      if (this.#failure !== undefined) return
      const body = looseBody(bucket, loose, memory)
      const etag = await bucket.part(await this.#open(), index + 1, body)
      if (etag === undefined) throw new UploadGone(`the multipart upload of ${loose.id} is not there`)
      this.#etags[index] = etag
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      memory.release()
    }
  }

  /** The multipart upload, which is this append's alone from now on. */
  #open(): Promise<Multipart> {
    const { id, uploadId } = this.#parts.upload
    this.#multipart ??= uploadId === undefined ? this.#begin() : this.#goOn({ key: dataKey(id), uploadId })
    return this.#multipart
  }

  /** Begun, then recorded, then used: an upload that nobody knows of would stay for ever. */
  async #begin(): Promise<Multipart> {
    const { bucket, upload } = this.#parts
    const multipart = await bucket.begin(dataKey(upload.id))
    try {
      return await this.#goOn(multipart)
    } catch (error) {
      await bucket.abandon(multipart)
      throw error
    }
  }

  /**
   * Recorded, then used: of two that go on with the same parts the second would write over those of the first. What was
   * the last part may be written over from here on.
   */
  async #goOn(multipart: Multipart): Promise<Multipart> {
    const { record, upload } = this.#parts
    const recorded = { ...upload, last: undefined, held: undefined, uploadId: multipart.uploadId }
    await record?.(encodeUpload(recorded))
    return multipart
  }

  /** Moves the bytes in memory to a side object. Never rejects. */
  #setAside(): Promise<void> {
    this.#settingAside ??= this.#store().finally(() => {
      this.#settingAside = undefined
    })
    return this.#settingAside
  }

  async #store(): Promise<void> {
    const memory = this.#memory
    if (memory === undefined || memory.length === 0) return
    clearTimeout(this.#idleTimer)
    this.#memory = undefined
    try {
      await this.#putSide(memory)
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      memory.release()
    }
  }

  async #putSide(memory: ClaimedMemory): Promise<void> {
    const { bucket } = this.#parts
    const { id, side } = this.#upload
    const together = side.length >= MOST_SIDE && sideLength(this.#upload) < this.#mostClaimed
    const body = looseBody(bucket, { ...this.#upload, side: together ? side : [] }, memory)
    const piece = { name: randomUUID(), size: body.length, stored: body.length }
    await bucket.put(sideKey(id, piece.name), body)
    this.#upload = { ...this.#upload, side: [...(together ? [] : side), piece] }
  }

  /**
   * The end of an append, whose bytes may be the last or not. They go to a side object, for whoever goes on; and when
   * there are parts already, also to a last part, so that a `complete` that follows has nothing to move.
   */
  async #setAsideLast(memory: ClaimedMemory): Promise<void> {
    const { bucket } = this.#parts
    const number = this.#etags.length + 1
    const body = looseBody(bucket, this.#upload, memory)
    const sendLast = async (): Promise<string | undefined> => {
      if (number === 1 || this.#failure !== undefined) return undefined
      return bucket.part(await this.#open(), number, body)
    }
    // Both end before the memory is given back.
    const [side, last] = await Promise.allSettled([this.#putSide(memory), sendLast()])
    if (side.status === 'rejected') this.#failure ??= { error: side.reason }
    if (last.status === 'rejected') this.#failure ??= { error: last.reason }
    else this.#upload = { ...this.#upload, last: last.value }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
