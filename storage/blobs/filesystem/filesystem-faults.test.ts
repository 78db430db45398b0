import { beforeAll, describe, expect, test } from 'vitest'
import { NoSpace, StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import { type BlobLocation, type BlobStore, blobLocation, UploadGone } from '../blob-store.ts'
import { digestOf } from '../contract-bench.ts'
import type { Fault, SimulatedDisk } from './simulated-disk.ts'
import {
  BYTES,
  bytesAt,
  expectKept,
  expectPromises,
  type Known,
  OTHER_DIGEST,
  openOn,
  preparedDisk,
  push,
  pushAgain,
} from './simulated-push.ts'
import type { Survival } from './simulated-survival.ts'

const ALL: Survival = { bytes: 'written', names: () => 'changed' }
const SYNCED: Survival = { bytes: 'synced', names: () => 'synced' }

let prepared: { readonly disk: SimulatedDisk; readonly old: BlobLocation }
beforeAll(async () => {
  prepared = await preparedDisk()
})

/** So few that no early sync makes them durable. */
const few = BYTES.subarray(0, 100)

async function ready(): Promise<{ disk: SimulatedDisk; store: BlobStore; known: Known }> {
  const disk = prepared.disk.survivor(ALL)
  return { disk, store: await openOn(disk), known: { old: prepared.old, oldRemoved: false } }
}

describe.each([
  ['ENOSPC', NoSpace],
  ['EIO', StoreUnavailable],
  ['EMFILE', StoreUnavailable],
] as const)('%s', (kind: Fault['kind'], expected) => {
  test('at every system call of a push: it fails, the store goes on, nothing promised is lost', async () => {
    let call = 1
    for (; ; call++) {
      const { disk, store, known } = await ready()
      disk.plan({ call, kind })
      const ended = await push(store, known).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!disk.fired) break
      expect(ended, `call ${call}`).toBeInstanceOf(expected)
      expect(disk.openFiles).toBe(0)
      await expectPromises(store, known)
      const promises = await pushAgain(store, known)
      await expectPromises(store, known)
      // What was promised after a failed sync must not rest on bytes that the kernel has dropped.
      const after = await openOn(disk.survivor(SYNCED))
      await expectPromises(after, known)
      await expectKept(after, promises)
    }
    expect(call).toBeGreaterThan(35)
  })

  test.each([
    { length: 1, restart: false },
    { length: 2, restart: false },
    { length: 1, restart: true },
  ])('complete retried after failures at its every call promises only what is durable: %o', async (way) => {
    const { length } = way
    for (let call = 1, fired = true; fired; call++) {
      const { disk, store } = await ready()
      const writer = await store.append(await store.create('retried'), 0)
      await writer.write(few)
      const state = await writer.close()
      disk.plan({ call, kind, length })
      await store.complete(state, few.length, digestOf(few)).catch(() => undefined)
      fired = disk.fired
      disk.plan(undefined)
      const retrying = way.restart ? await openOn(disk.restarted()) : store
      const location = await retrying.complete(state, few.length, digestOf(few)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(UploadGone)
      })
      if (location === undefined) continue
      const after = await openOn(disk.survivor(SYNCED))
      expect(await bytesAt(after, location)).toEqual(few)
    }
  })

  test('while enumerating rejects the listing', async () => {
    const { disk, store } = await ready()
    for (const call of [1, 100, 512]) {
      disk.plan({ call, kind })
      const listing = (async () => {
        for await (const { location } of store.list()) expect(location).toBe(prepared.old)
      })()
      await expect(listing).rejects.toBeInstanceOf(expected)
    }
  })

  test('while reading reaches the caller, and the file is closed', async () => {
    const { disk, store } = await ready()
    for (let call = 1; ; call++) {
      disk.plan({ call, kind })
      const ended = await bytesAt(store, prepared.old).catch((error: unknown) => error)
      if (!disk.fired) break
      expect(ended).toBeInstanceOf(expected)
      expect(disk.openFiles).toBe(0)
    }
  })
})

test('after a restart, complete reads the bytes back and refuses others than the digest names', async () => {
  const { disk, store } = await ready()
  const writer = await store.append(await store.create('stale'), 0)
  await writer.write(few)
  const state = await writer.close()
  const lost = await openOn(disk.survivor({ bytes: 'zeros', names: () => 'changed' }))
  await expect(lost.complete(state, few.length, digestOf(few))).rejects.toThrow(UploadGone)
  const kept = await openOn(disk.survivor(ALL))
  await expect(kept.complete(state, few.length, OTHER_DIGEST)).rejects.toThrow(UploadGone)
  expect(await kept.complete(state, few.length, digestOf(few))).toContain('.stale')
})

test('an upload whose file kept both names through power loss is left under one', async () => {
  const { disk, store } = await ready()
  const writer = await store.append(await store.create('twice'), 0)
  await writer.write(few)
  const state = await writer.close()
  const uploads = await disk.open('/var/lamina/uploads', 'r')
  await uploads.sync()
  const location = await store.complete(state, few.length, digestOf(few))
  const after = disk.survivor(SYNCED)
  const again = await openOn(after)
  expect(await again.complete(state, few.length, digestOf(few))).toBe(location)
  expect(await bytesAt(again, location)).toEqual(few)
  await expect(after.stat('/var/lamina/uploads/twice')).rejects.toThrow('ENOENT')
})

test('no more than one chunk is read while the sink has another', async () => {
  const { disk, store } = await ready()
  const reader = await store.read(prepared.old)
  disk.plan({ call: 3, kind: 'EIO' })
  const failed: boolean[] = []
  const pumped = reader?.pump(async () => {
    await new Promise((done) => setTimeout(done, 5))
    failed.push(disk.fired)
  })
  await expect(pumped).rejects.toThrow(StoreUnavailable)
  expect(failed).toEqual([false, true])
  expect(disk.openFiles).toBe(0)
})

test('chunks are gathered into large writes', async () => {
  const { disk, store } = await ready()
  disk.writes.length = 0
  const writer = await store.append(await store.create('gathered'), 0)
  for (const byte of BYTES) await writer.write(Uint8Array.of(byte))
  await writer.close()
  expect(disk.writes.length).toBeLessThanOrEqual(2 * Math.ceil(BYTES.length / 64))
})

test('a range beyond the end is refused before the first byte', async () => {
  const { store } = await ready()
  await expect(store.read(prepared.old, { start: 0, end: 90 })).rejects.toThrow(StoreDamaged)
})

test('text that is no location of this driver never reaches the file system', async () => {
  const { disk, store } = await ready()
  const hex = 'ab'.repeat(32)
  const texts = [
    '../uploads/x',
    'uploads/old',
    `blobs/sha256/ab/${hex}`,
    `blobs/sha256/cd/${hex}.id`,
    `blobs/sha256/ab/${hex}.../../x`,
    `blobs/sha256/ab/${hex}.a/b`,
    `blobs/sha256/ab/${hex}.id\n`,
    `blobs/sha256/ab/${hex.toUpperCase()}.id`,
    `/blobs/sha256/ab/${hex}.id`,
    `blobs/sha512/ab/${hex}.id`,
  ]
  disk.plan({ call: 1, kind: 'EIO' })
  for (const location of texts.map(blobLocation)) {
    expect(await store.read(location)).toBeUndefined()
    expect(await store.size(location)).toBeUndefined()
    await store.remove(location)
  }
  expect(disk.fired).toBe(false)
  for (const id of ['', '../x', 'a/b', 'a.b', 'x'.repeat(101)])
    await expect(store.create(id)).rejects.toThrow(TypeError)
})

test('a closed store serves nothing', async () => {
  const { store } = await ready()
  await store.close()
  await expect(store.read(prepared.old)).rejects.toThrow(StoreUnavailable)
  await expect(store.create('late')).rejects.toThrow(StoreUnavailable)
})
