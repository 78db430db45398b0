import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it, vi } from 'vitest'
import { blobLocation } from '../../../storage/blobs/blob-store.ts'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { seekPointsCodec } from '../../records/seek-points.ts'
import { forgetGone } from './forget-gone.ts'
import { LayerIndexes } from './layer-indexes.ts'
import { SeekPoints } from './seek-points.ts'

const MIB = 2 ** 20
const SPAN = { start: 69 * MIB, end: 70 * MIB }

it('are made when a large layer is looked into, again when they are lost, and go with the layer', {
  timeout: 60_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-seek-'))
  const stores = { metadata: await openMemoryMetadataStore(), blobs: openMemoryBlobStore() }
  const packed = gzipSync(Buffer.alloc(70 * MIB, 'many bytes that repeat'), { level: 1 })
  const layer = digestFromBytes('sha256', createHash('sha256').update(packed).digest())
  const writer = await stores.blobs.append(await stores.blobs.create('one'), 0)
  await writer.write(packed)
  const location = await stores.blobs.complete(await writer.close(), packed.length, layer)
  const blob = blobCodec.encode({ size: packed.length, location, created: 0 })
  await stores.metadata.commit({ checks: [], sets: [{ key: keys.blob(layer), value: blob }], deletes: [] })
  const onError = vi.fn()
  const parts = { ...stores, now: Date.now, grace: 1000, directory, milliseconds: 60_000, onError }
  const record = { unpacked: 70 * MIB, compression: 'gzip' } as const
  const open = () => new SeekPoints({ ...parts, indexes: new LayerIndexes(stores) })
  const stored = async () => (await stores.metadata.read([keys.seekPoints(layer)]))[0]
  try {
    const points = open()
    expect(await points.entrance(layer, { ...record, unpacked: 64 * MIB }, SPAN)).toBe(undefined)
    await points.settled()
    expect(await stored()).toBe(undefined)

    expect(await points.entrance(layer, record, SPAN)).toBe(undefined)
    await points.settled()
    const found = await points.entrance(layer, record, SPAN)
    expect(found?.unpacked).toBeGreaterThan(60 * MIB)
    expect(found?.window?.length).toBe(32 * 1024)

    const file = await stored()
    const sha256 = file && seekPointsCodec.decode(file.value).file?.sha256
    const [kept] = sha256 === undefined ? [] : await stores.metadata.read([keys.blob(sha256)])
    if (kept === undefined) throw new Error('the points were not kept')
    await stores.blobs.remove(blobLocation(blobCodec.decode(kept.value).location))
    const again = open()
    expect(await again.entrance(layer, record, SPAN)).toBe(undefined)
    expect(onError).toHaveBeenCalledOnce()
    await again.settled()
    expect(await open().entrance(layer, record, SPAN)).toEqual(found)

    const held = async () =>
      (await stores.metadata.range({ prefix: keys.allIn('0000000000000000', 'link'), limit: 9 })).length
    expect([await forgetGone(parts, new AbortController().signal), await held()]).toEqual([0, 1])
    await stores.metadata.commit({ checks: [], sets: [], deletes: [keys.blob(layer)] })
    expect([await forgetGone(parts, new AbortController().signal), await held()]).toEqual([1, 0])
    expect(await stored()).toBe(undefined)
    await again.stop()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
