import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import type { BlobReader } from '../blob-store.ts'
import type { Bucket, OpenObject } from './bucket.ts'
import { S3CallFailed } from './s3-errors.ts'

/** Breaks in one read that are mended; each costs a call. */
const MOST_BREAKS = 20

interface ObjectReaderParts {
  readonly bucket: Bucket
  readonly key: string
  /** Bytes of the whole object. */
  readonly size: number
  /** First byte to give, and the first one not to give. */
  readonly start: number
  readonly stop: number
  /** Opened at `start`. */
  readonly opened: OpenObject
}

/** Opens a span of an object, or all of it, with one call; undefined when it is absent. */
export async function openReader(
  bucket: Bucket,
  key: string,
  range?: { readonly start: number; readonly end: number },
): Promise<ObjectReader | undefined> {
  if (range !== undefined && !(range.start >= 0 && range.start <= range.end))
    throw new RangeError(`no range of bytes: ${range.start}-${range.end}`)
  const opened = await bucket.get(key, range)
  if (opened === undefined) return undefined
  if (opened === 'beyond') throw new StoreDamaged(`${key} ends before byte ${range?.start}`)
  const { size } = opened
  const stop = range === undefined ? size : range.end + 1
  if (stop > size) {
    opened.destroy()
    throw new StoreDamaged(`${key} has ${size} bytes, expected ${stop} or more`)
  }
  return new ObjectReader({ bucket, key, size, start: range?.start ?? 0, stop, opened })
}

/** Reads an object at the sink's pace. A connection that breaks is replaced by one that begins where it ended. */
export class ObjectReader implements BlobReader {
  readonly size: number
  readonly #parts: ObjectReaderParts
  #used = false

  constructor(parts: ObjectReaderParts) {
    this.size = parts.size
    this.#parts = parts
  }

  async pump(sink: (chunk: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    for await (const chunk of this.chunks(signal)) await sink(chunk)
  }

  async close(): Promise<void> {
    if (this.#used) return
    this.#used = true
    this.#parts.opened.destroy()
  }

  /** The same bytes for a loop; leaving it closes the reader. */
  async *chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.#used) throw new TypeError('a reader is pumped once, before it is closed')
    this.#used = true
    let { opened, start: position } = this.#parts
    const { stop } = this.#parts
    try {
      signal?.throwIfAborted()
      for (let breaks = 0; position < stop; breaks++) {
        if (breaks > 0) opened = await this.#reopen(position, breaks)
        for await (const chunk of untilBroken(opened.body)) {
          yield chunk
          position += chunk.length
          signal?.throwIfAborted()
        }
      }
    } finally {
      opened.destroy()
    }
    if (position > stop) throw new StoreDamaged(`${this.#parts.key} gave more bytes than were asked for`)
  }

  async #reopen(position: number, breaks: number): Promise<OpenObject> {
    const { bucket, key, stop } = this.#parts
    if (breaks > MOST_BREAKS) throw new StoreUnavailable(`reading ${key} broke ${breaks} times`)
    const opened = await bucket.get(key, { start: position, end: stop - 1 })
    if (opened === undefined || opened === 'beyond')
      throw new StoreDamaged(`${key} was removed, or cut at ${position}, while it was read`)
    return opened
  }
}

/** Ends where the connection broke; other failures pass. */
async function* untilBroken(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await nextOrBroken(iterator)
      if (next === undefined || next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

async function nextOrBroken(
  iterator: AsyncIterator<Uint8Array>,
): Promise<IteratorResult<Uint8Array, unknown> | undefined> {
  try {
    return await iterator.next()
  } catch (error) {
    if (error instanceof S3CallFailed) return undefined
    throw error
  }
}
