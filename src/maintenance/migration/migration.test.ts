import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import {
  emptyMemoryBlobs,
  type MemoryBlobs,
  openMemoryBlobStore,
} from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { FollowedStore } from '../../events/followed-store.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { type BlobRecord, blobCodec, damagedCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { bodyCodec } from '../../records/manifest.ts'
import { arrive, readDeparture } from './marks.ts'
import { Migration, type OpenTarget } from './migration.ts'

const REPO = '00000000000000aa'
const NOW = 1_800_000_000_000

interface Half {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly contents: MemoryBlobs
}

let old: Half
let fresh: Half
let followed: FollowedStore
let migration: Migration
let failures: unknown[]

beforeEach(async () => {
  old = await half()
  fresh = await half()
  failures = []
  await restart()
})

async function half(): Promise<Half> {
  const contents = emptyMemoryBlobs()
  return { metadata: await openMemoryMetadataStore(), blobs: openMemoryBlobStore(contents), contents }
}

/** As when the old server starts. */
async function restart(blobs = old.blobs): Promise<void> {
  const departure = await readDeparture(old.metadata)
  followed = new FollowedStore(old.metadata, {
    following: departure !== undefined,
    fenced: departure?.phase === 'moved',
  })
  const onError = (error: unknown) => failures.push(error)
  migration = new Migration({ source: { metadata: followed, blobs }, departure, now: () => NOW, onError })
}

/** The target outlives a move that is cut; closing it is the end of the process. */
function target(blobs = fresh.blobs): () => Promise<OpenTarget> {
  return () =>
    Promise.resolve({ metadata: fresh.metadata, blobs, name: 'there', close: () => Promise.resolve() })
}

const sha256 = (bytes: Uint8Array): Digest =>
  digestFromBytes('sha256', createHash('sha256').update(bytes).digest())

async function pushBlob(text: string, more: Partial<BlobRecord> = {}): Promise<Digest> {
  const bytes = Buffer.from(text)
  const digest = sha256(bytes)
  const location = blobLocation(`old/${text}`)
  old.contents.blobs.set(location, { bytes, modified: new Date() })
  const value = blobCodec.encode({ size: bytes.length, location, created: 1, ...more })
  await followed.commit({ checks: [], sets: [{ key: keys.blob(digest), value }], deletes: [] })
  return digest
}

async function pushManifest(text: string): Promise<Digest> {
  const bytes = Buffer.from(text)
  const digest = sha256(bytes)
  const value = bodyCodec.encode({ kind: 'inline', bytes })
  const sets = [
    { key: keys.body(REPO, digest), value },
    { key: keys.tag(REPO, text), value: Buffer.from(digest) },
  ]
  await followed.commit({ checks: [], sets, deletes: [] })
  return digest
}

const remove = (...deletes: Uint8Array[]) => followed.commit({ checks: [], sets: [], deletes })

async function expectPhase(phase: string): Promise<void> {
  await expect.poll(() => migration.state.phase, { timeout: 10_000 }).toBe(phase)
}

async function move(): Promise<void> {
  await migration.start(target())
  await expectPhase('moved')
}

/** As when a scrub finds a blob to be damaged. */
async function quarantine(digest: Digest): Promise<void> {
  const [stored] = await followed.read([keys.blob(digest)])
  if (stored === undefined) throw new Error(`there is no ${digest}`)
  const blob = blobCodec.decode(stored.value)
  const { size, location } = blob
  const sets = [
    { key: keys.blob(digest), value: blobCodec.encode({ ...blob, quarantined: 2 }) },
    { key: keys.damaged(digest), value: damagedCodec.encode({ size, location, at: 2, why: 'rot' }) },
  ]
  await followed.commit({ checks: [], sets, deletes: [] })
}

async function recordThere(digest: Digest): Promise<BlobRecord | undefined> {
  const [stored] = await fresh.metadata.read([keys.blob(digest)])
  return stored && blobCodec.decode(stored.value)
}

async function isDamagedThere(digest: Digest): Promise<boolean> {
  return (await fresh.metadata.read([keys.damaged(digest)]))[0] !== undefined
}

/** What the new place holds of a blob: its bytes as text. */
async function blobThere(digest: Digest): Promise<string | undefined> {
  const record = await recordThere(digest)
  if (record === undefined) return undefined
  const { location } = record
  return Buffer.from(fresh.contents.blobs.get(blobLocation(location))?.bytes ?? []).toString()
}

describe('a move', () => {
  it('copies records as they are and blobs to locations of the new store', async () => {
    const [blob, manifest] = [await pushBlob('layer'), await pushManifest('v1')]
    await move()
    expect(await blobThere(blob)).toBe('layer')
    const wanted = [keys.body(REPO, manifest), keys.tag(REPO, 'v1')]
    const [here, there] = await Promise.all([old.metadata.read(wanted), fresh.metadata.read(wanted)])
    expect(there.map((one) => one?.value)).toEqual(here.map((one) => one?.value))
    expect(migration.state).toMatchObject({ target: 'there', blobs: 1, bytes: 5, problem: undefined })
    await migration.stop()
  })

  it('keeps the other digests of a blob, which go when it goes', async () => {
    const aliases = [digestFromBytes('sha512', createHash('sha512').update('layer').digest())]
    const digest = await pushBlob('layer', { aliases })
    await move()
    expect(await recordThere(digest)).toMatchObject({ aliases })
    await migration.stop()
  })

  it('moves more than a page of everything', async () => {
    for (let at = 0; at < 450; at++) await pushManifest(`v${at}`)
    for (let at = 0; at < 9; at++) await pushBlob(`blob ${at}`)
    await move()
    expect(await fresh.metadata.range({ prefix: keys.tags(REPO), limit: 1000 })).toHaveLength(450)
    expect(fresh.contents.blobs.size).toBe(9)
    await migration.stop()
  })

  it('leaves nothing behind in the target that the copying needed', async () => {
    await pushBlob('layer')
    await move()
    expect(await fresh.metadata.range({ prefix: keys.uploads(), limit: 10 })).toEqual([])
    expect(fresh.contents.uploads.size).toBe(0)
    await migration.stop()
  })

  it('follows what is pushed, changed and deleted behind the first pass', async () => {
    const [gone, kept] = [await pushBlob('gone'), await pushBlob('kept')]
    await pushManifest('gone')
    let late: Digest | undefined
    // Reading the last blob's bytes is when the first pass is under way for certain.
    const slow: BlobStore = watch(old.blobs, async () => {
      if (late !== undefined) return
      late = await pushBlob('late')
      await remove(keys.blob(gone), keys.tag(REPO, 'gone'))
      await pushManifest('late')
    })
    await restart(slow)
    await move()
    expect(await blobThere(kept)).toBe('kept')
    expect(late && (await blobThere(late))).toBe('late')
    expect(await blobThere(gone)).toBe(undefined)
    const tags = await fresh.metadata.range({ prefix: keys.tags(REPO), limit: 10 })
    expect(tags.map(({ key }) => Buffer.from(key).toString('latin1').slice(9, -1))).toEqual(['late'])
    await migration.stop()
  })

  it('ends although writes never pause', async () => {
    const written: string[] = []
    const write = async (lane: number): Promise<void> => {
      for (let at = 0; ; at++) {
        try {
          await pushManifest(`lane${lane}-${at}`)
        } catch {
          return
        }
        written.push(`lane${lane}-${at}`)
      }
    }
    const lanes = Array.from({ length: 30 }, (_, lane) => write(lane))
    await move()
    await Promise.all(lanes)
    const tags = await fresh.metadata.range({ prefix: keys.tags(REPO), limit: 100_000 })
    expect(tags).toHaveLength(written.length)
    await migration.stop()
  })

  it('refuses writes afterwards, also when the old server starts again', async () => {
    await move()
    await expect(pushBlob('too late')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await migration.stop()
    await restart()
    await expect(pushBlob('too late')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

/** A store that does something before each read. */
function watch(blobs: BlobStore, before: () => Promise<void>): BlobStore {
  return {
    read: async (...args) => {
      await before()
      return blobs.read(...args)
    },
    readMany: (...args) => blobs.readMany(...args),
    presign: (...args) => blobs.presign(...args),
    size: (...args) => blobs.size(...args),
    remove: (...args) => blobs.remove(...args),
    removeMany: (...args) => blobs.removeMany(...args),
    list: () => blobs.list(),
    uploads: () => blobs.uploads(),
    create: (...args) => blobs.create(...args),
    append: (...args) => blobs.append(...args),
    readUpload: (...args) => blobs.readUpload(...args),
    complete: (...args) => blobs.complete(...args),
    abort: (...args) => blobs.abort(...args),
    readsUploads: true,
    check: () => Promise.resolve(),
    freeBytes: () => blobs.freeBytes(),
    close: () => blobs.close(),
  }
}

describe('a move that is cut', () => {
  it('goes on where it was, with what changed meanwhile', async () => {
    for (let at = 0; at < 30; at++) await pushBlob(`blob ${at}`)
    let reads = 0
    const dying = watch(old.blobs, () =>
      ++reads > 12 ? Promise.reject(new Error('the disk went away')) : Promise.resolve(),
    )
    await restart(dying)
    await migration.start(target())
    await expectPhase('stopped')
    expect(migration.state.problem).toBe('the disk went away')
    const copied = fresh.contents.blobs.size
    await restart()
    expect(migration.state.phase).toBe('stopped')
    const late = await pushBlob('while nobody moved anything')
    await move()
    expect(await blobThere(late)).toBe('while nobody moved anything')
    expect(migration.state.blobs).toBe(31 - copied)
    expect(failures).toHaveLength(1)
    await migration.stop()
  })

  it('does not go on into stores that another move fills, or that hold a registry', async () => {
    await pushBlob('layer')
    await move()
    await migration.stop()
    old = await half()
    await restart()
    await expect(migration.start(target())).rejects.toMatchObject({ code: 'CONFLICT' })
    await arrive(fresh.metadata)
    await expect(migration.start(target())).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('a target', () => {
  it('cannot be served from before it is complete, and is a registry of its own afterwards', async () => {
    await pushBlob('layer')
    const gate = Promise.withResolvers<void>()
    await restart(watch(old.blobs, () => gate.promise))
    await migration.start(target())
    await expect(arrive(fresh.metadata)).rejects.toThrow('being filled')
    gate.resolve()
    await expectPhase('moved')
    await arrive(fresh.metadata)
    await arrive(fresh.metadata)
    // A renewal in the old place must not reach a registry that lives on its own by now.
    const value = Buffer.from('later')
    await followed.commit({ checks: [], sets: [{ key: keys.signingKey('1'), value }], deletes: [] })
    await expect.poll(() => migration.state.phase).toBe('moved')
    await migration.stop()
    expect((await fresh.metadata.read([keys.signingKey('1')]))[0]).toBe(undefined)
    expect(failures).toEqual([])
  })

  it('that gives back other bytes than it was given stops the move', async () => {
    await pushBlob('layer')
    const lying: BlobStore = {
      ...watch(fresh.blobs, () => Promise.resolve()),
      read: async (location) => {
        fresh.contents.blobs.set(location, { bytes: Buffer.from('other'), modified: new Date() })
        return fresh.blobs.read(location)
      },
    }
    await migration.start(target(lying))
    await expectPhase('stopped')
    expect(migration.state.problem).toContain('gave back other bytes')
    await pushBlob('writes go on')
  })
})

describe('damage in the source', () => {
  it('is named, and writes go on; once it is pushed again the move ends', async () => {
    const digest = await pushBlob('layer')
    old.contents.blobs.set(blobLocation('old/layer'), { bytes: Buffer.from('LAYER'), modified: new Date() })
    await migration.start(target())
    await expectPhase('stopped')
    expect(migration.state.problem).toContain(digest)
    await pushBlob('layer')
    await move()
    expect(await blobThere(digest)).toBe('layer')
    await migration.stop()
  })

  it('that is known, because it is in quarantine, does not hold up the move', async () => {
    const digest = await pushBlob('layer')
    await quarantine(digest)
    await move()
    expect(await recordThere(digest)).toMatchObject({ size: 5, quarantined: 2 })
    expect(await isDamagedThere(digest)).toBe(true)
    expect(fresh.contents.blobs.size).toBe(0)
    await migration.stop()
  })

  it('that is known, and mended while the move goes on, is no damage there', async () => {
    const [digest] = [await pushBlob('layer'), await pushBlob('slow')]
    const gate = Promise.withResolvers<void>()
    await restart(watch(old.blobs, () => gate.promise))
    await quarantine(digest)
    await migration.start(target())
    await expect.poll(() => recordThere(digest), { timeout: 10_000 }).toBeDefined()
    await pushBlob('layer')
    await remove(keys.damaged(digest))
    gate.resolve()
    await expectPhase('moved')
    expect(await blobThere(digest)).toBe('layer')
    expect(await recordThere(digest)).not.toHaveProperty('quarantined')
    expect(await isDamagedThere(digest)).toBe(false)
    await migration.stop()
  })

  it('that is found after the blob was copied is no damage of the copy', async () => {
    const both = [await pushBlob('one'), await pushBlob('two')]
    let reads = 0
    await restart(watch(old.blobs, () => (++reads > 1 ? Promise.reject(new Error('no')) : Promise.resolve())))
    await migration.start(target())
    await expectPhase('stopped')
    const there = async () => (await Promise.all(both.map(recordThere))).findIndex(Boolean)
    await expect.poll(there, { timeout: 10_000 }).toBeGreaterThanOrEqual(0)
    const [copied = both[0]] = both.slice(await there())
    if (copied === undefined) throw new Error('nothing was copied')
    await restart()
    await quarantine(copied)
    await move()
    expect(await recordThere(copied)).toMatchObject({ size: 3, verified: NOW })
    expect(await recordThere(copied)).not.toHaveProperty('quarantined')
    expect(await isDamagedThere(copied)).toBe(false)
    await migration.stop()
  })
})

describe('cancelling', () => {
  it('takes writes again, forgets the outbox, and keeps the new stores from being served', async () => {
    await pushBlob('layer')
    await move()
    await migration.cancel()
    expect(migration.state.phase).toBe('none')
    await pushBlob('more')
    expect(await old.metadata.range({ prefix: keys.allOutbox(), limit: 1 })).toEqual([])
    await expect(arrive(fresh.metadata)).rejects.toThrow('being filled')
  })

  it('is refused once the new stores may serve', async () => {
    await move()
    await arrive(fresh.metadata)
    await expect(migration.cancel()).rejects.toMatchObject({ code: 'CONFLICT' })
    await migration.stop()
    await restart()
    await expect(migration.cancel()).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
