import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../storage/blobs/blob-store.ts'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { digestFromBytes } from '../oci/digest.ts'
import { blobCodec } from '../records/blob.ts'
import { clusterCodec } from '../records/cluster.ts'
import { nameField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { trashCodec } from '../records/review.ts'
import { uploadCodec } from '../records/upload.ts'
import { isJobDue, type TestJob, testJob } from './job-fixture.ts'
import { batchesOf, type SweepPorts, sweepJob, unmentioned } from './sweep.ts'

const HOUR = 3_600_000

let metadata: MetadataStore
let contents: ReturnType<typeof emptyMemoryBlobs>
let blobs: BlobStore
let now: number
let kept: Set<string>
let ports: SweepPorts
let job: TestJob

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  contents = emptyMemoryBlobs()
  blobs = openMemoryBlobStore(contents)
  // Uploads in memory are as young as the listing.
  now = Date.now() + 2 * HOUR
  kept = new Set()
  ports = {
    keptUploads: () => Promise.resolve(kept),
    settings: { sweepEvery: HOUR, sweepAge: HOUR },
  }
  job = testJob({ metadata, blobs, now: () => now })
})

const digestOf = (text: string) => digestFromBytes('sha256', createHash('sha256').update(text).digest())

/** Bytes at a location, as an upload with this id leaves them. */
function bytes(id: string, text = id): string {
  const location = `memory/${digestOf(text)}.${id}`
  contents.blobs.set(blobLocation(location), { bytes: Buffer.from(text), modified: new Date() })
  return location
}

function set(...sets: { key: Uint8Array; value: Uint8Array }[]): Promise<void> {
  return metadata.commit({ checks: [], sets, deletes: [] })
}

function blob(text: string, location: string): Promise<void> {
  const value = blobCodec.encode({ size: text.length, location, created: 0 })
  return set({ key: keys.blob(digestOf(text)), value })
}

function upload(id: string): Promise<void> {
  const value = uploadCodec.encode({
    name: nameField.parse('team/app'),
    repo: 'r',
    account: 'user:alice',
    offset: 0,
    state: { id },
    prefix: digestOf(''),
    created: 0,
    expires: now + HOUR,
  })
  return set({ key: keys.upload(id), value })
}

const run = () => job.run((parts, signal) => sweepJob(ports).run(parts, signal))
const left = () => [...contents.blobs.keys()].sort()

describe('the sweep', () => {
  it('removes nothing on the strength of reads that are older than the records, as those of a standby', async () => {
    const before = await metadata.snapshot()
    const pushed = bytes('pushed')
    await blob('pushed', pushed)
    const orphan = bytes('orphan')
    const behind: MetadataStore = {
      read: (wanted) => before.read(wanted),
      range: (query) => before.range(query),
      snapshot: () => metadata.snapshot(),
      commit: (commit) => metadata.commit(commit),
      close: () => Promise.resolve(),
    }
    job = testJob({ metadata: behind, blobs, now: () => now })
    expect(await run()).toBe(0)
    expect(left()).toEqual([orphan, pushed].sort())
    await before.close()
    job = testJob({ metadata, blobs, now: () => now })
    expect(await run()).toBe(1)
    expect(left()).toEqual([pushed])
  })

  it('removes bytes that no record mentions, and nothing else', async () => {
    bytes('orphan')
    const named = bytes('named')
    await blob('named', named)
    const older = bytes('older', 'named')
    const uploading = bytes('uploading')
    await upload('uploading')
    const trashed = bytes('trashed')
    await set({ key: keys.trash(1, trashed), value: trashCodec.encode({ at: 0 }) })
    const snapshot = bytes('records-1')
    kept.add('records-1')
    expect(await run()).toBe(2)
    expect(left()).toEqual([named, snapshot, trashed, uploading].sort())
    expect(left()).not.toContain(older)
  })

  it('spares a push whose commit comes between its looks at upload and blob', async () => {
    const location = bytes('pushing')
    await upload('pushing')
    const read = metadata.read.bind(metadata)
    const records = [keys.upload('pushing'), keys.blob(digestOf('pushing'))]
    let looks = 0
    metadata.read = async (wanted) => {
      const found = await read(wanted)
      if (wanted.some((key) => records.some((one) => Buffer.compare(key, one) === 0))) looks += 1
      // Whichever record it looked at first: now the push ends, and the upload's record goes as expired ones do.
      if (looks === 1) {
        await blob('pushing', location)
        await metadata.commit({ checks: [], sets: [], deletes: [keys.upload('pushing')] })
      }
      return found
    }
    // As fsck asks, which has no commit behind it that would find it out.
    for await (const batch of batchesOf(blobs.list(), new AbortController().signal))
      expect(await unmentioned(metadata, batch, kept)).toEqual([])
    expect(looks).toBeGreaterThan(0)
    expect(await run()).toBe(0)
    expect(left()).toEqual([location])
  })

  it('spares bytes that enter the trash while it looks: readers may hold them', async () => {
    const location = bytes('going')
    await blob('going', location)
    const read = metadata.read.bind(metadata)
    metadata.read = async (wanted) => {
      if (Buffer.compare(wanted[0] ?? Buffer.of(), keys.blob(digestOf('going'))) === 0)
        await metadata.commit({
          checks: [],
          sets: [{ key: keys.trash(now + HOUR, location), value: trashCodec.encode({ at: now }) }],
          deletes: [keys.blob(digestOf('going'))],
        })
      return read(wanted)
    }
    expect(await run()).toBe(0)
    expect(left()).toEqual([location])
  })

  it('ends where the records are another registry’s all of a sudden, which know of no bytes', async () => {
    const cluster = (id: string) => ({ key: keys.cluster(), value: clusterCodec.encode({ id, created: 1 }) })
    const location = bytes('ours')
    await blob('ours', location)
    await set(cluster('ours'))
    ports = {
      ...ports,
      keptUploads: async () => {
        const sets = [cluster('another')]
        await metadata.commit({ checks: [], sets, deletes: [keys.blob(digestOf('ours'))] })
        return kept
      },
    }
    await expect(run()).rejects.toThrow('not those of this registry')
    expect(left()).toEqual([location])
  })

  it('leaves uploads alone of which another registry’s records know nothing', async () => {
    const cluster = (id: string) => ({ key: keys.cluster(), value: clusterCodec.encode({ id, created: 1 }) })
    await blobs.create('ours')
    await upload('ours')
    await set(cluster('ours'))
    ports = {
      ...ports,
      keptUploads: async () => {
        await metadata.commit({ checks: [], sets: [cluster('another')], deletes: [keys.upload('ours')] })
        return kept
      },
    }
    await expect(run()).rejects.toThrow('not those of this registry')
    expect([...contents.uploads.keys()]).toEqual(['ours'])
  })

  it('forgets uploads without a record, once they are old enough', async () => {
    for (const id of ['known', 'unknown']) await blobs.create(id)
    await upload('known')
    ports = { ...ports, settings: { ...ports.settings, sweepAge: 3 * HOUR } }
    expect(await run()).toBe(0)
    ports = { ...ports, settings: { ...ports.settings, sweepAge: HOUR } }
    expect(await run()).toBe(1)
    expect([...contents.uploads.keys()]).toEqual(['known'])
  })

  it('stops in the midst of it when it is told to', async () => {
    for (const id of ['one', 'two', 'three']) bytes(id)
    const stopping = new AbortController()
    const remove = blobs.remove.bind(blobs)
    blobs.remove = (location) => {
      stopping.abort()
      return remove(location)
    }
    const done = await job.run((parts, signal) => sweepJob(ports).run(parts, signal), stopping.signal)
    expect([done, left().length]).toEqual([1, 2])
  })

  it('takes a listing that breaks for what it is, and comes back', async () => {
    bytes('orphan')
    const list = blobs.list.bind(blobs)
    blobs.list = async function* () {
      yield* list()
      throw new Error('the listing broke')
    }
    await expect(run()).rejects.toThrow('the listing broke')
    expect(await isJobDue(sweepJob(ports), job)).toBe(true)
  })

  it('is due again only after its time', async () => {
    await run()
    const due = () => isJobDue(sweepJob(ports), job)
    expect(await due()).toBe(false)
    now += HOUR
    expect(await due()).toBe(true)
  })

  it('is due when the last one ended at a time to come, by a clock that was ahead', async () => {
    now += 9999 * HOUR
    await run()
    now -= 9999 * HOUR
    expect(await isJobDue(sweepJob(ports), job)).toBe(true)
  })
})
