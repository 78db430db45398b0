import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BlobStore, blobLocation } from '../../storage/blobs/blob-store.ts'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { isJobDue, type TestJob, testJob } from './job-fixture.ts'
import { readScrub, restartScrub, type ScrubPorts, scrubJob } from './scrub.ts'

const NOW = 1_800_000_000_000

let metadata: MetadataStore
let contents: ReturnType<typeof emptyMemoryBlobs>
let blobs: BlobStore
let clock: number
let damaged: { sha256: Digest; why: string }[]
let confirmed: Digest[]
let ports: ScrubPorts
let job: TestJob

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  contents = emptyMemoryBlobs()
  blobs = openMemoryBlobStore(contents)
  clock = NOW
  damaged = []
  confirmed = []
  ports = {
    quarantine: (damage) => Promise.resolve(damaged.push(damage) > 0),
    confirmBytes: (sha256) => Promise.resolve(confirmed.push(sha256) > 0),
    settings: { scrubRate: 2 ** 40, scrubEvery: 1000 },
  }
  job = testJob({ metadata, blobs, now: () => clock })
})

async function put(text: string): Promise<{ digest: Digest; location: string }> {
  const bytes = Buffer.from(text)
  const digest = digestFromBytes('sha256', createHash('sha256').update(bytes).digest())
  const location = `memory/${digest}.u`
  contents.blobs.set(blobLocation(location), { bytes, modified: new Date() })
  const value = blobCodec.encode({ size: bytes.length, location, created: NOW })
  await metadata.commit({ checks: [], sets: [{ key: keys.blob(digest), value }], deletes: [] })
  return { digest, location }
}

function harm(location: string, text: string | undefined): void {
  if (text === undefined) contents.blobs.delete(blobLocation(location))
  else contents.blobs.set(blobLocation(location), { bytes: Buffer.from(text), modified: new Date() })
}

const run = (signal?: AbortSignal) => job.run((parts, stop) => scrubJob(ports).run(parts, stop), signal)
const isDue = () => isJobDue(scrubJob(ports), job)

describe('the scrub', () => {
  it('reads every blob, confirms what is right and quarantines what is not, each with its reason', async () => {
    const good = await put('good')
    const flipped = await put('flipped')
    const short = await put('short')
    const gone = await put('gone')
    harm(flipped.location, 'flippeD')
    harm(short.location, 'shor')
    harm(gone.location, undefined)
    expect(await run()).toBe(4)
    expect(confirmed).toEqual([good.digest])
    const why = new Map(damaged.map((one) => [one.sha256, one.why]))
    expect(why.get(flipped.digest)).toContain('have digest sha256:')
    expect(why.get(short.digest)).toContain('4 bytes are at')
    expect(why.get(gone.digest)).toContain('nothing is at')
    expect(await readScrub(metadata)).toMatchObject({ blobs: 4, damaged: 3, finished: NOW })
  })

  it('goes on where it was stopped', async () => {
    for (let at = 0; at < 120; at++) await put(`blob ${at}`)
    const stop = new AbortController()
    const confirm = ports.confirmBytes
    const stopping: ScrubPorts = {
      ...ports,
      confirmBytes: (...blob) => {
        if (confirmed.length === 60) stop.abort()
        return confirm(...blob)
      },
    }
    await job.run((parts, signal) => scrubJob(stopping).run(parts, signal), stop.signal)
    expect(await readScrub(metadata)).toMatchObject({ blobs: 60 })
    await run()
    expect(await readScrub(metadata)).toMatchObject({ blobs: 120, finished: NOW })
    expect(new Set(confirmed).size).toBe(120)
    expect(confirmed.length, 'the one it was stopped in is read again').toBe(121)
  })

  it('is due when a pass is under way, or the last one is long ago', async () => {
    expect(await isDue()).toBe(true)
    await run()
    expect(await isDue()).toBe(false)
    clock += 1000
    expect(await isDue()).toBe(true)
    ports = { ...ports, settings: { ...ports.settings, scrubEvery: 0 } }
    expect(await isDue()).toBe(false)
    await restartScrub(job.parts)
    expect(await isDue()).toBe(true)
  })

  it('is due when the last one ended at a time to come, by a clock that was ahead', async () => {
    clock += 400 * 24 * 3_600_000
    await run()
    clock = NOW
    expect(await isDue()).toBe(true)
    await run()
    expect(await isDue()).toBe(false)
  })

  it('begins anew when told so in the middle of a pass', async () => {
    await put('one')
    const confirm = ports.confirmBytes
    ports = {
      ...ports,
      confirmBytes: async (...blob) => {
        clock += 5
        if (confirmed.length === 0) await restartScrub(job.parts)
        return confirm(...blob)
      },
    }
    expect(await run()).toBe(2)
    expect(await readScrub(metadata)).toMatchObject({ begun: NOW + 5, blobs: 1, finished: NOW + 10 })
  })

  it('begins anew also where something was missing last, and says that once', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, (_, at) => put(`blob ${at}`)))
    // The last of the first page, and the one before it.
    const [before, lost] = all.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)).slice(48, 50)
    harm(lost?.location ?? '', undefined)
    const confirm = ports.confirmBytes
    let isRestarted = false
    ports = {
      ...ports,
      confirmBytes: async (...blob) => {
        clock += 5
        if (!isRestarted && blob[0] === before?.digest) {
          isRestarted = true
          await restartScrub(job.parts)
        }
        return confirm(...blob)
      },
    }
    await run()
    expect(damaged.map(({ sha256 }) => sha256)).toEqual([lost?.digest])
    expect(await readScrub(metadata)).toMatchObject({ blobs: 60, damaged: 1 })
  })

  it('takes a store that is empty all of a sudden for a disk that is not there', async () => {
    const all = await Promise.all(Array.from({ length: 160 }, (_, at) => put(`blob ${at}`)))
    const disk = new Map(contents.blobs)
    contents.blobs.clear()
    await expect(run()).rejects.toThrow("is the store's disk there?")
    await expect(run()).rejects.toThrow('fsck --repair --force')
    expect(damaged).toEqual([])
    expect(job.failed, 'no blob is left alone for it').toEqual([])
    expect(await readScrub(metadata)).not.toHaveProperty('finished')
    for (const [location, blob] of disk) contents.blobs.set(location, blob)
    await run()
    expect(new Set(confirmed)).toEqual(new Set(all.map(({ digest }) => digest)))
    expect(await readScrub(metadata)).toMatchObject({ blobs: 160, damaged: 0, finished: NOW })
  })

  it('stays before blobs of which it does not know yet, and goes past those that are known to be lost', async () => {
    const all = await Promise.all(Array.from({ length: 120 }, (_, at) => put(`blob ${at}`)))
    const inOrder = all.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
    const lost = inOrder.slice(40, 70)
    for (const { location } of lost) harm(location, undefined)
    await expect(run()).rejects.toThrow('in a row')
    expect(await readScrub(metadata)).toMatchObject({ after: inOrder[39]?.digest, blobs: 40, damaged: 0 })
    for (const { digest, location } of lost) {
      const value = blobCodec.encode({ size: 7, location, created: NOW, quarantined: NOW })
      await metadata.commit({ checks: [], sets: [{ key: keys.blob(digest), value }], deletes: [] })
    }
    await run()
    expect(damaged).toEqual([])
    expect(await readScrub(metadata)).toMatchObject({ blobs: 120, damaged: 30, finished: NOW })
  })

  it('quarantines what is missing behind all that is there', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => put(`blob ${at}`)))
    const [last] = all.toSorted((a, b) => (a.digest < b.digest ? 1 : -1))
    harm(last?.location ?? '', undefined)
    await run()
    expect(damaged.map(({ sha256 }) => sha256)).toEqual([last?.digest])
    expect(await readScrub(metadata)).toMatchObject({ blobs: 10, damaged: 1, finished: NOW })
  })

  it('leaves nothing open of what has another size', async () => {
    const { location } = await put('short')
    harm(location, 'shor')
    const read = blobs.read.bind(blobs)
    let isClosed = false
    blobs.read = async (...asked) => {
      const reader = await read(...asked)
      if (reader === undefined) return undefined
      const close = () => {
        isClosed = true
        return reader.close()
      }
      return { size: reader.size, pump: (sink, signal) => reader.pump(sink, signal), close }
    }
    await run()
    expect([damaged.length, isClosed]).toEqual([1, true])
  })

  it('finds no damage where the store is not there', async () => {
    const one = await put('one')
    await put('two')
    blobs.check = () => Promise.reject(new StoreUnavailable('is its disk mounted?'))
    await expect(run()).rejects.toThrow('is its disk mounted?')
    let looks = 0
    blobs.check = () =>
      (looks += 1) === 1 ? Promise.resolve() : Promise.reject(new StoreUnavailable('gone'))
    harm(one.location, undefined)
    await run()
    expect(damaged).toEqual([])
    expect(job.failed).toEqual([`blob ${one.digest}`])
  })

  it('leaves alone what it cannot read now, and goes on', async () => {
    const bad = await put('bad')
    const good = await put('good')
    const read = blobs.read.bind(blobs)
    blobs.read = (location, ...rest) =>
      location === bad.location ? Promise.reject(new Error('EIO')) : read(location, ...rest)
    await run()
    expect(damaged).toEqual([])
    expect(confirmed).toEqual([good.digest])
    expect(job.failed).toEqual([`blob ${bad.digest}`])
  })
})
