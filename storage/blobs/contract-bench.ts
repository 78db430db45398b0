import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../../src/oci/digest.ts'
import type { BlobLocation, BlobReader, BlobStore, ByteSpan, UploadState } from './blob-store.ts'

/** One store that a case runs against. A driver's test makes these. */
export interface BlobStoreUnderTest {
  readonly store: BlobStore
  /** Closes the store and opens what it kept, as another process would. */
  reopen(): Promise<BlobStore>
  /** Names everything that an empty store would not hold: uploads, parts, temporary files. */
  leftovers(): Promise<readonly string[]>
  /** Closes and removes everything. */
  dispose(): Promise<void>
}

/** What not every engine can promise; cases that need it are left out where it is false. */
export interface BlobStoreCapabilities {
  /** A large blob streams through without being held. */
  readonly boundedMemory: boolean
  /** A read that has begun ends well when the blob is removed meanwhile. */
  readonly readsSurviveRemove: boolean
  readonly freeBytes: boolean
  /** Bytes of uploads under way can be listed. */
  readonly listsUploads: boolean
}

export interface BlobStoreCase {
  readonly name: string
  readonly needs?: keyof BlobStoreCapabilities
  run(bench: Bench): Promise<void>
}

/** What cases share: it remembers what they made, takes it away, and looks for what the driver left behind. */
export class Bench {
  readonly #subject: BlobStoreUnderTest
  readonly #states: UploadState[] = []
  readonly #locations: BlobLocation[] = []
  #store: BlobStore
  #nextId = 1

  constructor(subject: BlobStoreUnderTest) {
    this.#subject = subject
    this.#store = subject.store
  }

  get store(): BlobStore {
    return this.#store
  }

  async reopen(): Promise<void> {
    this.#store = await this.#subject.reopen()
  }

  async begin(): Promise<UploadState> {
    const state = await this.#store.create(`upload-${this.#nextId++}`)
    this.#states.push(state)
    return state
  }

  /** Writes `bytes` at `offset` in pieces of odd size; gives the state to go on with. */
  async write(state: UploadState, offset: number, bytes: Uint8Array): Promise<UploadState> {
    const writer = await this.#store.append(state, offset)
    for (let at = 0; at < bytes.length; at += 40_000) await writer.write(bytes.subarray(at, at + 40_000))
    const after = await writer.close()
    this.#states.push(after)
    return after
  }

  async complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation> {
    const location = await this.#store.complete(state, length, digest)
    this.#locations.push(location)
    return location
  }

  async put(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Promise<BlobLocation> {
    const state = await this.write(await this.begin(), 0, bytes)
    return this.complete(state, bytes.length, digestOf(bytes, algorithm))
  }

  async reader(location: BlobLocation, range?: ByteSpan): Promise<BlobReader> {
    const reader = await this.#store.read(location, range)
    if (reader === undefined) throw new Error(`nothing at ${location}`)
    return reader
  }

  async get(location: BlobLocation, range?: ByteSpan): Promise<Buffer> {
    return drain(await this.reader(location, range))
  }

  async listed(): Promise<Map<BlobLocation, number>> {
    const found = new Map<BlobLocation, number>()
    for await (const { location, size } of this.#store.list()) found.set(location, size)
    return found
  }

  /** Removes what the case made; anything found after that is the driver's leftover. */
  async expectNothingLeft(): Promise<void> {
    for (const state of this.#states) await this.#store.abort(state)
    for (const location of this.#locations) await this.#store.remove(location)
    expect([...(await this.listed()).keys()], 'finished blobs left').toEqual([])
    expect(await this.#subject.leftovers(), 'left in the engine').toEqual([])
  }
}

/** Everything that the reader gives, copied. */
export async function drain(reader: BlobReader): Promise<Buffer> {
  const pieces: Buffer[] = []
  await reader.pump((chunk) => {
    pieces.push(Buffer.from(chunk))
  })
  return Buffer.concat(pieces)
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return digestFromBytes(algorithm, createHash(algorithm).update(bytes).digest())
}

/** The same bytes for the same seed, and no period that matches a buffer's size. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = (seed * 2_654_435_761) >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}
