import { createGunzip } from 'node:zlib'
import { beforeEach, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { nameField } from '../../records/fields.ts'
import { keys } from '../../records/keys.ts'
import { projectCodec } from '../../records/project.ts'
import type { JobParts } from '../job.ts'
import { isJobDue, type TestJob, testJob } from '../job-fixture.ts'
import { readSnapshots, snapshotJob } from './daily-snapshot.ts'
import { readRecords } from './record-file.ts'
import { snapshotTime } from './snapshot-name.ts'

const DAY = 24 * 60 * 60 * 1000
const NOW = 1_800_000_000_000
const PROJECTS = 500

let metadata: MetadataStore
let blobs: BlobStore
let test: TestJob
let now: number
const snapshots = snapshotJob(DAY)
const run = (parts: JobParts, signal: AbortSignal) => snapshots.run(parts, signal)

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  blobs = openMemoryBlobStore()
  now = NOW
  test = testJob({ metadata, blobs, now: () => now })
  const names = Array.from({ length: PROJECTS }, (_, at) => nameField.parse(`project-${at}`))
  const sets = names.map((name) => ({
    key: keys.project(name),
    value: projectCodec.encode({ public: false, created: NOW, createdBy: 'test' }),
  }))
  await metadata.commit({ checks: [], sets, deletes: [] })
})

const stored = async (): Promise<string[]> => {
  const found: string[] = []
  for await (const { location } of blobs.list()) found.push(location)
  for await (const { id } of blobs.uploads()) found.push(`upload ${id}`)
  return found
}

/** The keys that the snapshot at `location` holds. */
async function keysIn(location: string): Promise<string[]> {
  const reader = await blobs.read(blobLocation(location))
  const packed: Buffer[] = []
  await reader?.pump((chunk) => void packed.push(Buffer.from(chunk)))
  const unpack = createGunzip()
  unpack.end(Buffer.concat(packed))
  const found: string[] = []
  for await (const { key } of readRecords(unpack)) found.push(Buffer.from(key).toString('hex'))
  return found
}

it('holds the records, and is due again after its interval', async () => {
  expect(await isJobDue(snapshots, test)).toBe(true)
  expect(await test.run(run)).toBe(1)
  expect(await isJobDue(snapshots, test)).toBe(false)
  const { kept } = await readSnapshots(metadata)
  expect(await keysIn(kept[0]?.location ?? '')).toHaveLength(PROJECTS)
  now += DAY
  expect(await isJobDue(snapshots, test)).toBe(true)
})

it('is kept seven times', async () => {
  for (let day = 0; day < 9; day++, now += DAY) await test.run(run)
  const { kept } = await readSnapshots(metadata)
  expect(kept.map(({ taken }) => taken)).toEqual(Array.from({ length: 7 }, (_, at) => NOW + (at + 2) * DAY))
  expect((await stored()).sort()).toEqual(kept.map(({ location }) => location).sort())
})

it('is due after a clock that was ahead is set right, and the newest of all then', async () => {
  now += 400 * DAY
  await test.run(run)
  now = NOW
  expect(await isJobDue(snapshots, test)).toBe(true)
  await test.run(run)
  expect(await isJobDue(snapshots, test)).toBe(false)
  const { kept } = await readSnapshots(metadata)
  expect(kept.map(({ taken }) => taken)).toEqual([NOW + 400 * DAY, NOW])
  const [ahead = 0, right = 0] = kept.map(({ upload }) => snapshotTime(upload))
  expect(right).toBeGreaterThan(ahead)
})

it('is never due when it is off, and looks for that no more often', async () => {
  const off = snapshotJob(0)
  expect(await isJobDue(off, test)).toBe(false)
  expect(off.everyMs).toBe(snapshots.everyMs)
})

it('leaves nothing when it is broken off, at once and in the middle', async () => {
  await test.run(run)
  now += DAY
  const before = await stored()
  expect(await test.run(run, AbortSignal.abort())).toBe(0)
  const stopping = new AbortController()
  let steps = 0
  const rest = async (): Promise<void> => {
    steps += 1
    if (steps === PROJECTS / 2) stopping.abort()
  }
  expect(await test.run((parts, signal) => run({ ...parts, rest }, signal), stopping.signal)).toBe(0)
  expect(steps).toBe(PROJECTS / 2)
  expect(await stored()).toEqual(before)
  expect(await isJobDue(snapshots, test)).toBe(true)
  expect(await test.run(run)).toBe(1)
})

it('leaves nothing when it fails, and says why', async () => {
  const rest = () => Promise.reject(new Error('EIO'))
  const failed = test.run((parts, signal) => run({ ...parts, rest }, signal))
  await expect(failed).rejects.toThrow('EIO')
  expect(await stored()).toEqual([])
})

it('takes away what one has left that was cut, before it begins', async () => {
  const append = blobs.append.bind(blobs)
  const gone = () => Promise.reject(new Error('S3 went away'))
  blobs.append = async (...args) => ({ ...(await append(...args)), write: gone, close: gone })
  await expect(test.run(run)).rejects.toThrow('S3 went away')
  expect(await stored()).toEqual([`upload records-${NOW}`])
  blobs.append = append
  now += 1
  expect(await test.run(run)).toBe(1)
  expect(await stored()).toEqual((await readSnapshots(metadata)).kept.map(({ location }) => location))
})

it('by a process that was paused while another took one changes nothing of what that one left', async () => {
  await test.run(run)
  now += DAY
  const complete = blobs.complete.bind(blobs)
  blobs.complete = async (...args) => {
    blobs.complete = complete
    const location = await complete(...args)
    now += DAY
    await test.run(run)
    // No record names the bytes of the first one now, and a sweep takes them.
    await blobs.remove(location)
    return location
  }
  await expect(test.run(run)).rejects.toThrow('another process')
  const { kept } = await readSnapshots(metadata)
  expect(kept.map(({ taken }) => taken)).toEqual([NOW, NOW + 2 * DAY])
  for (const { location } of kept) expect(await keysIn(location)).toHaveLength(PROJECTS)
})
