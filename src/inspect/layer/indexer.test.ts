import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { archive, member } from '../tar/tar-fixture.ts'
import { forgetGone } from './forget-gone.ts'
import { startIndexer } from './indexer.ts'
import { LIMITS } from './layer-fixture.ts'
import { LayerIndexes } from './layer-indexes.ts'

it('indexes a layer that is asked for, holds its index, and lets go of it when the layer is gone', {
  timeout: 60_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-indexer-'))
  const stores = { metadata: await openMemoryMetadataStore(), blobs: openMemoryBlobStore() }
  const bytes = archive(member({ name: 'a/b' }, 'content'))
  const layer = digestFromBytes('sha256', createHash('sha256').update(bytes).digest())
  const state = await stores.blobs.create('one')
  const writer = await stores.blobs.append(state, 0)
  await writer.write(bytes)
  const location = await stores.blobs.complete(await writer.close(), bytes.length, layer)
  const blob = blobCodec.encode({ size: bytes.length, location, created: 0 })
  await stores.metadata.commit({ checks: [], sets: [{ key: keys.blob(layer), value: blob }], deletes: [] })
  const onError = vi.fn()
  const parts = {
    ...stores,
    now: Date.now,
    grace: 1000,
    directory,
    limits: LIMITS,
    workers: 1,
    onError,
    onDone: () => undefined,
  }
  const indexer = startIndexer(parts)
  try {
    const indexes = new LayerIndexes(stores)
    await indexer.request(layer)
    await vi.waitFor(async () => expect((await indexes.state(layer)).state).toBe('done'), {
      timeout: 50_000,
      interval: 50,
    })
    const reader = await indexes.read(await indexes.state(layer))
    expect((await reader?.at('a', 'b'))?.map(({ size }) => size)).toEqual([7])
    const held = async () =>
      (await stores.metadata.range({ prefix: keys.allIn('0000000000000000', 'link'), limit: 9 })).length
    expect([await forgetGone(parts, new AbortController().signal), await held()]).toEqual([0, 1])
    await stores.metadata.commit({ checks: [], sets: [], deletes: [keys.blob(layer)] })
    expect([await forgetGone(parts, new AbortController().signal), await held()]).toEqual([1, 0])
    expect((await indexes.state(layer)).state).toBe('none')
    expect(onError).not.toHaveBeenCalled()
  } finally {
    await indexer.stop()
    await rm(directory, { recursive: true, force: true })
  }
})
