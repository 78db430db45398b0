import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { NoSpace, StoreUnavailable } from '../../../storage/store-errors.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { INDEX_VERSION, layerIndexCodec } from '../../records/layer-index.ts'
import { archive, member } from '../tar/tar-fixture.ts'
import { forgetGone } from './forget-gone.ts'
import { type Indexer, startIndexer } from './indexer.ts'
import { LIMITS } from './layer-fixture.ts'
import { LayerIndexes } from './layer-indexes.ts'

const PATIENCE = { timeout: 50_000, interval: 50 }
const SLOW = { timeout: 60_000 }

let directory: string
let metadata: MetadataStore
let blobs: BlobStore
let indexes: LayerIndexes
let indexers: Indexer[]
const onError = vi.fn()
const onDone = vi.fn()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-indexer-'))
  metadata = await openMemoryMetadataStore()
  blobs = openMemoryBlobStore()
  indexes = new LayerIndexes({ metadata, blobs })
  indexers = []
  vi.clearAllMocks()
})

afterEach(async () => {
  await Promise.all(indexers.map((one) => one.stop()))
  await rm(directory, { recursive: true, force: true })
  expect(onError).not.toHaveBeenCalled()
})

function parts(own = directory) {
  const rest = { now: Date.now, grace: 1000, limits: LIMITS, workers: 1, onError, onDone }
  return { metadata, blobs, directory: own, ...rest }
}

function start(own?: string): Indexer {
  const indexer = startIndexer(parts(own))
  indexers.push(indexer)
  return indexer
}

async function pushLayer(): Promise<Digest> {
  const bytes = archive(member({ name: 'a/b' }, 'content'))
  const layer = digestFromBytes('sha256', createHash('sha256').update(bytes).digest())
  const writer = await blobs.append(await blobs.create('one'), 0)
  await writer.write(bytes)
  const location = await blobs.complete(await writer.close(), bytes.length, layer)
  const blob = blobCodec.encode({ size: bytes.length, location, created: 0 })
  await metadata.commit({ checks: [], sets: [{ key: keys.blob(layer), value: blob }], deletes: [] })
  return layer
}

const remove = (layer: Digest) => metadata.commit({ checks: [], sets: [], deletes: [keys.blob(layer)] })
const stateOf = async (layer: Digest) => (await indexes.state(layer)).state
const done = (layer: Digest, times = 1) =>
  vi.waitFor(async () => {
    expect(onDone).toHaveBeenCalledTimes(times)
    expect(await stateOf(layer)).toBe('done')
  }, PATIENCE)
const held = async () =>
  (await metadata.range({ prefix: keys.allIn('0000000000000000', 'link'), limit: 9 })).length

it(
  'indexes a layer that is asked for, holds its index, and lets go of it when the layer is gone',
  SLOW,
  async () => {
    const layer = await pushLayer()
    await start().request(layer)
    await done(layer)
    const reader = await indexes.read(await indexes.state(layer))
    expect((await reader?.at('a', 'b'))?.map(({ size }) => size)).toEqual([7])
    const forget = () => forgetGone(parts(), new AbortController().signal)
    expect([await forget(), await held()]).toEqual([0, 1])
    await remove(layer)
    expect([await forget(), await held()]).toEqual([1, 0])
    expect(await stateOf(layer)).toBe('none')
  },
)

it('H29 keeps nothing of a layer that goes while it is being indexed', SLOW, async () => {
  const layer = await pushLayer()
  let removed = false
  const read = blobs.read.bind(blobs)
  vi.spyOn(blobs, 'read').mockImplementationOnce(async (location, range) => {
    const reader = await read(location, range)
    await remove(layer)
    removed = true
    return reader
  })
  await start().request(layer)
  await vi.waitFor(async () => expect([removed, await stateOf(layer)]).toEqual([true, 'none']), PATIENCE)
  expect(await held()).toBe(0)
  expect(onDone).not.toHaveBeenCalled()
})

it('H29 indexes once what two replicas are asked for at the same time', SLOW, async () => {
  const layer = await pushLayer()
  const replicas = ['one', 'two'].map((name) => start(join(directory, name)))
  await Promise.all(replicas.map((one) => one.request(layer)))
  await done(layer)
  await Promise.all(replicas.map((one) => one.request(layer)))
  await Promise.all(replicas.map((one) => one.stop()))
  expect(onDone).toHaveBeenCalledTimes(1)
  expect(await stateOf(layer)).toBe('done')
})

it('H29 makes the index of an older version anew', SLOW, async () => {
  const layer = await pushLayer()
  const indexer = start()
  await indexer.request(layer)
  await done(layer)
  const key = keys.layerIndex(layer)
  const [stored] = await metadata.read([key])
  if (stored === undefined) throw new TypeError('there is no record')
  const old = { ...layerIndexCodec.decode(stored.value), version: INDEX_VERSION - 1 }
  await metadata.commit({ checks: [], sets: [{ key, value: layerIndexCodec.encode(old) }], deletes: [] })
  expect(await stateOf(layer)).toBe('none')
  await indexer.request(layer)
  await done(layer, 2)
  expect(await held()).toBe(1)
})

/** Reads fail with `error` so many times; the queue's clock runs fast. Gives how often one was told of that. */
async function failing(layer: Digest, error: Error, times: number): Promise<() => number> {
  const read = blobs.read.bind(blobs)
  let left = times
  vi.spyOn(blobs, 'read').mockImplementation((...args) =>
    (left -= 1) < 0 ? read(...args) : Promise.reject(error),
  )
  let clock = Date.now()
  const told = vi.fn()
  const indexer = startIndexer({ ...parts(), now: () => (clock += 3_600_000), onError: told })
  indexers.push(indexer)
  await vi.waitFor(async () => {
    await indexer.request(layer)
    expect(['done', 'damaged']).toContain(await stateOf(layer))
  }, PATIENCE)
  return () => told.mock.calls.length
}

it.each([
  ['a store that is away', new StoreUnavailable('S3 does not answer')],
  ['a store that is full', new NoSpace('no space')],
  ['a machine without open files', Object.assign(new Error('too many open files'), { code: 'EMFILE' })],
])('waits for %s, however often it fails', SLOW, async (_, error) => {
  const layer = await pushLayer()
  const told = await failing(layer, error, 12)
  expect(await stateOf(layer)).toBe('done')
  expect(told()).toBe(12)
})

it('gives a layer up that fails again and again when others would not', SLOW, async () => {
  const layer = await pushLayer()
  const told = await failing(layer, new Error('the thread ended'), 12)
  expect(await indexes.state(layer)).toMatchObject({ state: 'damaged' })
  expect(told()).toBe(5)
})

it('keeps a layer in the queue whose bytes are not there because the store is not', SLOW, async () => {
  const layer = await pushLayer()
  const read = vi.spyOn(blobs, 'read').mockResolvedValue(undefined)
  const check = vi.spyOn(blobs, 'check').mockRejectedValue(new StoreUnavailable('is its disk mounted?'))
  let clock = Date.now()
  const told = vi.fn()
  const indexer = startIndexer({ ...parts(), now: () => (clock += 3_600_000), onError: told })
  indexers.push(indexer)
  await indexer.request(layer)
  await vi.waitFor(() => expect(told).toHaveBeenCalled(), PATIENCE)
  read.mockRestore()
  check.mockRestore()
  await done(layer)
})

it('begins where what an earlier run has left cannot be removed, and says so', SLOW, async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  const told = vi.fn()
  indexers.push(startIndexer({ ...parts(join(file, 'indexing')), onError: told }))
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1), PATIENCE)
  expect(told.mock.calls[0]?.[1]).toContain('earlier run')
})
