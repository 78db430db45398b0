import { beforeEach, describe, expect, it } from 'vitest'
import { StoreDamaged, StoreUnavailable } from '../../storage/store-errors.ts'
import type { Digest } from '../oci/digest.ts'
import { BODY_LIMIT } from '../records/manifest.ts'
import { getBlob } from './blobs.ts'
import { digestOf, image, name } from './content-fixture.ts'
import { mountFrom } from './mount.ts'
import { confirmBytes, listDamaged, quarantine } from './quarantine.ts'
import {
  ALICE,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  pushBlob,
  type TestRegistry,
} from './registry-fixture.ts'
import { blobRecord, damage, locations, setBlobRecord } from './stored-fixture.ts'

let registry: TestRegistry
let digest: Digest
let location: string
const ONE = 'team/one'

beforeEach(async () => {
  registry = await openTestRegistry()
  digest = await pushBlob(registry, ONE, 'content')
  location = (await blobRecord(registry, digest))?.location ?? ''
})

const damaged = () => listDamaged(registry.parts, { after: undefined, limit: 10 })
const broken = () => quarantine(registry.parts, { sha256: digest, location, why: 'a test says so' })

describe('bytes that are missing', () => {
  it('quarantine the blob when it is opened: answered as absent and listed, with the reason', async () => {
    damage(registry, location, undefined)
    const blob = await getBlob(registry.parts, name(ONE), digest, () => Promise.resolve(false))
    await expect(blob.open()).rejects.toThrow('push it again')
    await expect(getBlob(registry.parts, name(ONE), digest, () => Promise.resolve(true))).rejects.toThrow(
      'push it again',
    )
    expect(await damaged()).toMatchObject([{ sha256: digest, size: 7, projects: ['team'] }])
    expect(registry.damages).toMatchObject([{ sha256: digest, location }])
  })

  it('quarantine it when they end in the middle of a transfer, which breaks', async () => {
    const long = Buffer.alloc(200_000, 7)
    const other = await pushBlob(registry, ONE, long)
    const at = (await blobRecord(registry, other))?.location ?? ''
    const read = registry.blobs.read.bind(registry.blobs)
    registry.blobs.read = async (...args) => {
      const reader = await read(...args)
      return (
        reader && {
          size: reader.size,
          close: () => reader.close(),
          pump: async (sink) => {
            await sink(long.subarray(0, 1000))
            damage(registry, at, long.subarray(0, 1000))
            throw new StoreDamaged('ends at 1000')
          },
        }
      )
    }
    expect(await pull(registry, ONE, other)).toBeUndefined()
    expect(await damaged()).toMatchObject([{ sha256: other, location: at, why: 'ends at 1000' }])
  })

  it('leave nothing open where something of another size is', async () => {
    let closed = 0
    const close = async () => void (closed += 1)
    registry.blobs.read = () => Promise.resolve({ size: 3, close, pump: async () => {} })
    await expect(pull(registry, ONE, digest)).rejects.toThrow(StoreUnavailable)
    expect(closed).toBe(1)
  })

  it('are no damage while the store is not there: once it is back, they are', async () => {
    registry.blobs.check = () => Promise.reject(new StoreUnavailable('is its disk mounted?'))
    damage(registry, location, undefined)
    await expect(pull(registry, ONE, digest)).rejects.toThrow(StoreUnavailable)
    damage(registry, location, Buffer.from('content'))
    expect(String(await pull(registry, ONE, digest))).toBe('content')
    expect(await damaged()).toEqual([])
  })

  it.each([
    ['says that there are none', () => Promise.resolve(undefined)],
    [
      'says that there are others',
      () => Promise.resolve({ size: 3, close: async () => {}, pump: async () => {} }),
    ],
  ])('are no damage when the store %s, and is wrong', async (_, wrong) => {
    const read = registry.blobs.read.bind(registry.blobs)
    registry.blobs.read = wrong
    await expect(pull(registry, ONE, digest)).rejects.toThrow(StoreUnavailable)
    registry.blobs.read = read
    expect(String(await pull(registry, ONE, digest))).toBe('content')
    expect(await damaged()).toEqual([])
  })

  it('of a large manifest say so, and pushing it again mends it', async () => {
    const bytes = image(digest, [], { annotations: { fill: 'x'.repeat(BODY_LIMIT) } })
    await push(registry, ONE, bytes)
    damage(registry, (await blobRecord(registry, digestOf(bytes)))?.location ?? '', undefined)
    expect(await pullManifest(registry, ONE, digestOf(bytes))).toBeUndefined()
    await push(registry, ONE, bytes)
    expect(await pullManifest(registry, ONE, digestOf(bytes))).toEqual(bytes)
    expect(await damaged()).toEqual([])
  })
})

describe('a quarantined blob', () => {
  it('is not mounted, and no manifest may rely on it', async () => {
    await broken()
    const request = { name: name('team/two'), digest, account: ALICE }
    expect(await mountFrom(registry.parts, request, name(ONE))).toBe(false)
    await expect(push(registry, ONE, image(digest))).rejects.toThrow('damaged; push it again')
  })

  it('is healed by the next push, in whichever repository', async () => {
    damage(registry, location, Buffer.from('kontent'))
    await broken()
    await pushBlob(registry, 'team/two', 'content')
    expect(String(await pull(registry, ONE, digest))).toBe('content')
    const healed = await blobRecord(registry, digest)
    expect(healed?.quarantined).toBeUndefined()
    expect(healed?.location).not.toBe(location)
    expect(await damaged()).toEqual([])
    expect(await locations(registry), 'readers of the old bytes may still hold them').toHaveLength(2)
  })

  it('is released when its bytes turn out to be right', async () => {
    await broken()
    registry.clock.now += 5
    expect(await confirmBytes(registry.parts, digest, location)).toBe(true)
    expect(await damaged()).toEqual([])
    expect(await blobRecord(registry, digest)).toMatchObject({ verified: registry.clock.now })
    expect(String(await pull(registry, ONE, digest))).toBe('content')
  })
})

describe('quarantine', () => {
  it('spares a blob whose location was replaced since it was read', async () => {
    registry.hooks.beforeCommit = async () => {
      const record = await blobRecord(registry, digest)
      if (record !== undefined) await setBlobRecord(registry, digest, { ...record, location: 'elsewhere' })
    }
    expect(await broken()).toBe(false)
    expect((await blobRecord(registry, digest))?.quarantined).toBeUndefined()
    expect(await confirmBytes(registry.parts, digest, location)).toBe(false)
    expect(registry.damages).toEqual([])
  })

  it('tells once', async () => {
    expect([await broken(), await broken()]).toEqual([true, false])
    expect(registry.damages).toHaveLength(1)
  })

  it('does nothing to a blob that is gone', async () => {
    const other = digestOf('never pushed')
    expect(await quarantine(registry.parts, { sha256: other, location, why: '' })).toBe(false)
  })
})

describe('listDamaged', () => {
  it('gives pages in order of digest', async () => {
    const all = [digest]
    for (const text of ['a', 'b', 'c']) all.push(await pushBlob(registry, ONE, text))
    for (const sha256 of all)
      await quarantine(registry.parts, {
        sha256,
        location: (await blobRecord(registry, sha256))?.location ?? '',
        why: 'x',
      })
    const first = await listDamaged(registry.parts, { after: undefined, limit: 3 })
    const second = await listDamaged(registry.parts, { after: first.at(-1)?.sha256, limit: 3 })
    expect([...first, ...second].map(({ sha256 }) => sha256)).toEqual([...all].sort())
  })
})
