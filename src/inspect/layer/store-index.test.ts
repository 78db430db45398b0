import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { transact } from '../../../storage/metadata/transact.ts'
import { NoSpace } from '../../../storage/store-errors.ts'
import { digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { uploadCodec } from '../../records/upload.ts'
import { holdFile, type StoredFile, storeFile } from './store-index.ts'

const MINUTE = 60_000
const BYTES = Buffer.alloc(4 * 1024 * 1024, 'index')
const digestOf = (bytes: Uint8Array) => digestFromBytes('sha256', createHash('sha256').update(bytes).digest())
const LAYER = digestOf(Buffer.from('layer'))
const INDEX = { path: '', sha256: digestOf(BYTES) }

let directory: string
let metadata: MetadataStore
let blobs: BlobStore
let now: number
const parts = () => ({ metadata, blobs, now: () => now, grace: 1000 })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-index-'))
  metadata = await openMemoryMetadataStore()
  blobs = openMemoryBlobStore()
  now = 1_000_000
  const value = blobCodec.encode({ size: 1, location: 'memory/layer', created: 0 })
  await metadata.commit({ checks: [], sets: [{ key: keys.blob(LAYER), value }], deletes: [] })
})

afterEach(async () => rm(directory, { recursive: true }))

/** What the server does with uploads that are over. */
async function expire(): Promise<void> {
  const uploads = await metadata.range({ prefix: keys.uploads(), limit: 9 })
  const over = uploads.filter(({ value }) => uploadCodec.decode(value).expires < now)
  await metadata.commit({ checks: [], sets: [], deletes: over.map(({ key }) => key) })
}

async function store(): Promise<StoredFile> {
  const path = join(directory, 'index')
  await writeFile(path, BYTES)
  return storeFile(parts(), { ...INDEX, path })
}

function hold(file: StoredFile): Promise<boolean> {
  return transact(metadata, (transaction) => holdFile(transaction, parts(), LAYER, file))
}

it('keeps what took longer to store than an upload that nobody goes on with lives', async () => {
  const append = blobs.append.bind(blobs)
  blobs.append = async (...args) => {
    const writer = await append(...args)
    const write = writer.write.bind(writer)
    writer.write = async (chunk) => {
      now += 50 * MINUTE
      await expire()
      return write(chunk)
    }
    return writer
  }
  const file = await store()
  expect(await hold(file)).toBe(true)
  expect(await metadata.read([keys.upload(file.upload)])).toEqual([undefined])
  const [blob] = await metadata.read([keys.blob(INDEX.sha256)])
  expect(blob && blobCodec.decode(blob.value).location).toBe(file.location)
  expect(await blobs.size(blobLocation(file.location))).toBe(BYTES.length)
})

it('gives the file of the store back when the disk is full', async () => {
  const append = blobs.append.bind(blobs)
  let open = 0
  blobs.append = async (...args) => {
    const writer = await append(...args)
    open += 1
    return {
      write: () => Promise.reject(new NoSpace('ENOSPC')),
      close: (...ending) => {
        open -= 1
        return writer.close(...ending)
      },
    }
  }
  await expect(store()).rejects.toThrow(NoSpace)
  expect(open).toBe(0)
})

it('keeps nothing whose upload is over: its bytes may be swept at any moment', async () => {
  const file = await store()
  now += 61 * MINUTE
  await expire()
  await expect(hold(file)).rejects.toThrow('ended before its file was kept')
  expect(await metadata.read([keys.blob(INDEX.sha256)])).toEqual([undefined])
})

it('loses to an end of the upload that comes while it decides', async () => {
  const file = await store()
  const commit = metadata.commit.bind(metadata)
  metadata.commit = async (one) => {
    metadata.commit = commit
    now += 61 * MINUTE
    await expire()
    return commit(one)
  }
  await expect(hold(file)).rejects.toThrow('ended before its file was kept')
})
