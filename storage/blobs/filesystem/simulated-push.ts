import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type Digest, parseDigest } from '../../../src/oci/digest.ts'
import { type BlobLocation, type BlobStore, UploadGone, type UploadState } from '../blob-store.ts'
import { BufferPool } from '../buffer-pool.ts'
import { digestOf, drain, sampleBytes } from '../contract-bench.ts'
import { openFilesystemBlobStore } from './filesystem-blob-store.ts'
import { SimulatedDisk } from './simulated-disk.ts'

export const BYTES = sampleBytes(700, 21)
const OLD_BYTES = sampleBytes(90, 22)
/** So few that no early sync comes before the upload's record says that they are there. */
const FIRST_APPEND = 100

/** What the caller of the store knows, as its records would say. */
export interface Known {
  readonly old: BlobLocation
  oldRemoved: boolean
  upload?: { state: UploadState; offset: number }
  finished?: BlobLocation
}

/** Buffers so small that a push of 700 bytes is many writes and some early syncs. */
export function openOn(disk: SimulatedDisk): Promise<BlobStore> {
  const pool = { tiny: 16, small: 32, large: 64, capacity: 4096 }
  return openFilesystemBlobStore({
    directory: '/var/lamina',
    fs: disk,
    readPool: new BufferPool(pool),
    writePool: new BufferPool(pool),
    writebackBytes: 150,
  })
}

/** A disk with one finished blob, synced as the store has left it. */
export async function preparedDisk(): Promise<{ readonly disk: SimulatedDisk; readonly old: BlobLocation }> {
  const disk = new SimulatedDisk()
  const store = await openOn(disk)
  const { state } = await append(store, await store.create('old'), 0, OLD_BYTES)
  return { disk, old: await store.complete(state, OLD_BYTES.length, digestOf(OLD_BYTES)) }
}

/** A push in two appends with a client that resumes, and the removal of another blob. */
export async function push(store: BlobStore, known: Known): Promise<void> {
  known.upload = { state: await store.create('new'), offset: 0 }
  known.upload = await append(store, known.upload.state, 0, BYTES.subarray(0, FIRST_APPEND))
  await append(store, known.upload.state, FIRST_APPEND, OLD_BYTES)
  known.upload = await append(store, known.upload.state, FIRST_APPEND, BYTES.subarray(FIRST_APPEND))
  known.finished = await store.complete(known.upload.state, BYTES.length, digestOf(BYTES))
  known.oldRemoved = true
  await store.remove(known.old)
}

async function append(
  store: BlobStore,
  state: UploadState,
  offset: number,
  bytes: Buffer,
): Promise<{ state: UploadState; offset: number }> {
  const writer = await store.append(state, offset)
  try {
    for (let at = 0; at < bytes.length; at += 23) await writer.write(bytes.subarray(at, at + 23))
  } catch (error) {
    await expect(writer.close()).rejects.toBe(error)
    throw error
  }
  return { state: await writer.close(), offset: offset + bytes.length }
}

/** The promises that hold whatever happened: see DESIGN, promise 1. */
export async function expectPromises(store: BlobStore, known: Known): Promise<void> {
  for await (const { location, size } of store.list()) {
    const bytes = await bytesAt(store, location)
    expect(bytes.length).toBe(size)
    expect(digestInLocation(location), 'what a location names is what is there').toBe(digestOf(bytes))
  }
  if (known.finished !== undefined) expect(await bytesAt(store, known.finished)).toEqual(BYTES)
  if (!known.oldRemoved) expect(await bytesAt(store, known.old)).toEqual(OLD_BYTES)
}

/**
 * A client that comes back: its closing PUT is answered, or it starts again; in the end its bytes are there.
 * Gives what was promised, by location.
 */
export async function pushAgain(store: BlobStore, known: Known): Promise<Promises> {
  const { upload } = known
  const promises = new Map<BlobLocation, Buffer>()
  if (upload !== undefined) {
    const before = BYTES.subarray(0, upload.offset)
    const location = await undefinedIfGone(store.complete(upload.state, upload.offset, digestOf(before)))
    if (location === undefined) await store.abort(upload.state)
    else promises.set(location, before)
    await expect(store.readUpload(upload.state, 0)).rejects.toThrow(UploadGone)
  }
  const { state, offset } = await append(store, await store.create('again'), 0, BYTES)
  promises.set(await store.complete(state, offset, digestOf(BYTES)), BYTES)
  await expectKept(store, promises)
  return promises
}

type Promises = ReadonlyMap<BlobLocation, Buffer>

export async function expectKept(store: BlobStore, promises: Promises): Promise<void> {
  for (const [location, bytes] of promises) expect(await bytesAt(store, location)).toEqual(bytes)
}

async function undefinedIfGone<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof UploadGone) return undefined
    throw error
  }
}

export async function bytesAt(store: BlobStore, location: BlobLocation): Promise<Buffer> {
  const reader = await store.read(location)
  if (reader === undefined) throw new Error(`nothing at ${location}`)
  return drain(reader)
}

function digestInLocation(location: BlobLocation): Digest | undefined {
  return parseDigest(`sha256:${/[0-9a-f]{64}/.exec(location)?.[0]}`)
}

/** A digest of bytes that nobody wrote. */
export const OTHER_DIGEST = digestOf(createHash('sha256').update('other').digest())
