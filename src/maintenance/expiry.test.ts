import { beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../storage/blobs/blob-store.ts'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { holdCodec } from '../records/cursor.ts'
import { digestField, nameField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { loginFailuresCodec } from '../records/login-failures.ts'
import { trashCodec } from '../records/review.ts'
import { sessionCodec } from '../records/session.ts'
import { uploadCodec } from '../records/upload.ts'
import { whileHeld } from './backup/holds.ts'
import { emptyTrash } from './empty-trash.ts'
import { expireSessions } from './expire-sessions.ts'
import { expireUploads } from './expire-uploads.ts'
import { type TestJob, testJob } from './job-fixture.ts'

const NOW = 1_800_000_000_000
const digest = digestField.parse(`sha256:${'a'.repeat(64)}`)
const ACCOUNT = 'user:alice'

let metadata: MetadataStore
let contents: ReturnType<typeof emptyMemoryBlobs>
let failing: Set<string>
let job: TestJob
let now: number

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  contents = emptyMemoryBlobs()
  failing = new Set()
  now = NOW
  job = testJob({ metadata, blobs: stubborn(openMemoryBlobStore(contents)), now: () => now })
})

/** A store that cannot remove some things. */
function stubborn(blobs: BlobStore): BlobStore {
  const refuse = (what: string) => (failing.has(what) ? Promise.reject(new Error('EIO')) : undefined)
  return {
    readsUploads: blobs.readsUploads,
    read: (...args) => blobs.read(...args),
    readMany: (...args) => blobs.readMany(...args),
    presign: (...args) => blobs.presign(...args),
    size: (...args) => blobs.size(...args),
    remove: (location) => refuse(location) ?? blobs.remove(location),
    removeMany: async (locations) => [
      ...(await blobs.removeMany(locations.filter((location) => !failing.has(location)))),
      ...locations.flatMap((location) =>
        failing.has(location) ? [{ location, error: new Error('EIO') }] : [],
      ),
    ],
    list: () => blobs.list(),
    uploads: () => blobs.uploads(),
    create: (...args) => blobs.create(...args),
    append: (...args) => blobs.append(...args),
    readUpload: (...args) => blobs.readUpload(...args),
    complete: (...args) => blobs.complete(...args),
    abort: (state) => refuse(String(state['id'])) ?? blobs.abort(state),
    freeBytes: () => blobs.freeBytes(),
    check: () => blobs.check(),
    close: () => blobs.close(),
  }
}

function set(...sets: { key: Uint8Array; value: Uint8Array }[]): Promise<void> {
  return metadata.commit({ checks: [], sets, deletes: [] })
}

async function upload(id: string, expires: number): Promise<void> {
  contents.uploads.set(id, Buffer.from(id))
  const record = {
    name: nameField.parse('team/app'),
    repo: 'r',
    account: ACCOUNT,
    offset: 0,
    state: { id },
    prefix: digest,
    created: 0,
    expires,
  }
  const value = uploadCodec.encode(record)
  await set({ key: keys.upload(id), value }, { key: keys.uploadOf(ACCOUNT, id), value })
}

async function trash(location: string, due: number): Promise<void> {
  contents.blobs.set(blobLocation(location), { bytes: Buffer.from('x'), modified: new Date() })
  await set({ key: keys.trash(due, location), value: trashCodec.encode({ at: 0 }) })
}

async function left(prefix: Uint8Array): Promise<number> {
  return (await metadata.range({ prefix, limit: 10_000 })).length
}

describe('expireUploads', () => {
  it('forgets what is over, record and bytes, and spares what is not', async () => {
    await upload('old', NOW - 1)
    await upload('now', NOW)
    await upload('new', NOW + 1)
    expect(await job.run(expireUploads)).toBe(1)
    expect([...contents.uploads.keys()]).toEqual(['now', 'new'])
    expect(await left(keys.uploads())).toBe(2)
    expect(await left(keys.uploadsOf(ACCOUNT))).toBe(2)
  })

  it('ends the session before it touches the bytes, and tries again those that it could not remove', async () => {
    await upload('old', NOW - 1)
    failing.add('old')
    expect(await job.run(expireUploads)).toBe(0)
    const [kept] = await metadata.range({ prefix: keys.uploads(), limit: 10 })
    expect(kept && uploadCodec.decode(kept.value).ended).toBe(true)
    expect(await left(keys.uploadsOf(ACCOUNT))).toBe(0)
    expect(job.failed).toEqual(['upload old'])
    failing.clear()
    const nextDay = testJob({ ...job.parts, now: () => NOW + 86_400_000 })
    expect(await nextDay.run(expireUploads)).toBe(1)
    expect(await left(keys.uploads())).toBe(0)
    expect(contents.uploads.size).toBe(0)
  })

  it('spares a session that went on just before it was taken away', async () => {
    await upload('old', 0)
    let raced = false
    const store: MetadataStore = {
      read: (wanted) => metadata.read(wanted),
      range: (query) => metadata.range(query),
      snapshot: () => metadata.snapshot(),
      close: () => metadata.close(),
      commit: async (commit) => {
        if (!raced) await upload('old', NOW + 1)
        raced = true
        await metadata.commit(commit)
      },
    }
    expect(await testJob({ ...job.parts, metadata: store }).run(expireUploads)).toBe(0)
    expect(await left(keys.uploads())).toBe(1)
    expect(contents.uploads.size).toBe(1)
  })

  it('goes on after one that fails, be it bytes or a damaged record', async () => {
    for (const id of ['a', 'b', 'd']) await upload(id, 0)
    failing.add('a')
    await set({ key: keys.upload('c'), value: Buffer.from('damaged') })
    expect(await job.run(expireUploads)).toBe(2)
    expect(job.failed).toEqual(['upload a', 'upload c'])
    expect([...contents.uploads.keys()]).toEqual(['a'])
  })

  it('looks through all pages', async () => {
    for (let at = 0; at < 450; at++) await upload(`u${at}`, at % 2 === 0 ? 0 : NOW + 1)
    expect(await job.run(expireUploads)).toBe(225)
    expect(contents.uploads.size).toBe(225)
  })

  it('stops when it is told to', async () => {
    await upload('old', 0)
    expect(await job.run(expireUploads, AbortSignal.abort())).toBe(0)
    expect(contents.uploads.size).toBe(1)
  })
})

describe('emptyTrash', () => {
  it('removes what is due, and nothing before', async () => {
    await trash('past', NOW - 1)
    await trash('now', NOW)
    await trash('later', NOW + 1)
    expect(await job.run(emptyTrash)).toBe(2)
    expect([...contents.blobs.keys()]).toEqual(['later'])
    expect(await left(keys.allTrash())).toBe(1)
  })

  it('keeps the entry of what could not be removed, tries it once a round, and removes the others', async () => {
    for (let at = 0; at < 205; at++) await trash(`bad${at}`, at)
    for (let at = 0; at < 250; at++) await trash(`good${at}`, 1000 + at)
    for (let at = 0; at < 205; at++) failing.add(`bad${at}`)
    expect(await job.run(emptyTrash)).toBe(250)
    expect(job.failed).toHaveLength(205)
    expect(await left(keys.allTrash())).toBe(205)
    failing.clear()
    now += 60_000
    expect(await job.run(emptyTrash)).toBe(205)
    expect(contents.blobs.size).toBe(0)
  })

  it('removes nothing while a backup holds it', async () => {
    await trash('past', 0)
    await whileHeld({ metadata, now: () => NOW }, async () => {
      expect(await job.run(emptyTrash)).toBe(0)
    })
    expect(await job.run(emptyTrash)).toBe(1)
  })

  it('waits for no backup whose server died', async () => {
    await trash('past', 0)
    const value = holdCodec.encode({ until: NOW })
    await set({ key: keys.hold('dead'), value })
    expect(await job.run(emptyTrash)).toBe(1)
  })

  it('does not mind bytes that are gone already', async () => {
    await trash('gone', 0)
    contents.blobs.clear()
    expect(await job.run(emptyTrash)).toBe(1)
    expect(job.failed).toEqual([])
  })

  it('stops when it is told to', async () => {
    await trash('past', 0)
    expect(await job.run(emptyTrash, AbortSignal.abort())).toBe(0)
    expect(contents.blobs.size).toBe(1)
  })
})

describe('sessions of browsers', () => {
  it('go when they are over, and no others', async () => {
    const session = (id: string, expires: number) => ({
      key: keys.session(ACCOUNT, id),
      value: sessionCodec.encode({ hash: 'a'.repeat(64), created: 0, expires, agent: '' }),
    })
    await set(session('old', NOW), session('new', NOW + 1))
    expect(await job.run(expireSessions)).toBe(1)
    const left = await metadata.range({ prefix: keys.sessions(), limit: 10 })
    expect(left.map(({ key }) => Buffer.from(key))).toEqual([Buffer.from(keys.session(ACCOUNT, 'new'))])
  })

  it('forgets wrong passwords that count no more', async () => {
    const failures = (byte: number, at: number) => ({
      key: keys.loginFailures(Buffer.alloc(32, byte)),
      value: loginFailuresCodec.encode({ tries: 0, at }),
    })
    await set(failures(1, NOW - 600_000), failures(2, NOW - 599_999))
    expect(await job.run(expireSessions)).toBe(1)
    const left = await metadata.range({ prefix: keys.all('loginFailures'), limit: 10 })
    expect(left.map(({ key }) => Buffer.from(key))).toEqual([
      Buffer.from(keys.loginFailures(Buffer.alloc(32, 2))),
    ])
  })
})
