import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobLocation, BlobStore } from '../../../storage/blobs/blob-store.ts'
import { openFilesystemBlobStore } from '../../../storage/blobs/filesystem/filesystem-blob-store.ts'
import { openLevelMetadataStore } from '../../../storage/metadata/level/level-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { FollowedStore } from '../../events/followed-store.ts'
import { keys } from '../../records/keys.ts'
import { outboxCodec } from '../../records/migration.ts'
import { trashCodec } from '../../records/review.ts'
import { digestOf } from '../../registry/content-fixture.ts'
import { pushImage } from '../../registry/images-fixture.ts'
import { HOUR, openTestRegistry, pull, pushBlob, type TestRegistry } from '../../registry/registry-fixture.ts'
import { collectionJob, muchIsDue } from '../collection.ts'
import { emptyTrash, muchTrashIsDue } from '../empty-trash.ts'
import { type TestJob, testJob } from '../job-fixture.ts'
import { JobThread } from './job-thread.ts'
import { runAside } from './run-aside.ts'

const WORKER = new URL('../../compose-upkeep-worker.ts', import.meta.url)
const MANY = 100

let directory: string
let metadata: MetadataStore
let blobs: BlobStore
let registry: TestRegistry
let thread: JobThread
let job: TestJob
const told: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-aside-'))
  metadata = await openLevelMetadataStore({ directory: join(directory, 'metadata'), ballastBytes: 0 })
  blobs = await openFilesystemBlobStore({ directory: join(directory, 'blobs') })
  registry = await openTestRegistry({}, { metadata })
  told.length = 0
  useThread(WORKER)
  job = testJob({ metadata, blobs, now: registry.parts.now })
})

afterEach(async () => {
  await thread.stop()
  await metadata.close()
  await blobs.close()
  await rm(directory, { recursive: true })
})

function useThread(module: URL): void {
  const onError = (_: unknown, what: string) => void told.push(what)
  thread = new JobThread({ module, workerData: join(directory, 'blobs'), onError })
}

function collect(signal?: AbortSignal): Promise<number> {
  const { settings } = registry.parts
  const aside = runAside(collectionJob(registry.parts, 0), { thread, settings, isMuch: muchIsDue })
  return job.run((parts, stopping) => aside.run(parts, stopping), signal)
}

async function pushMany(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await pushBlob(registry, 'team/app', `unused ${at}`)
}

const count = async (prefix: Uint8Array) => (await metadata.range({ prefix, limit: 10_000 })).length

describe('collection on a thread of its own', { timeout: 30_000 }, () => {
  it('settles what is due, and keeps what is in use', async () => {
    const { layer } = await pushImage(registry, 'team/app', 'used', { tags: ['v1'] })
    await pushMany(MANY)
    registry.clock.now += 25 * HOUR
    await pushBlob(registry, 'team/app', 'fresh')
    const [queued, blobs] = [await count(keys.reviews()), await count(keys.blobs())]
    expect(await collect()).toBe(queued - 1)
    expect(await count(keys.blobs())).toBe(blobs - MANY)
    expect(await count(keys.allTrash())).toBe(MANY)
    expect(await count(keys.reviews())).toBe(1)
    expect(await pull(registry, 'team/app', layer)).toBeDefined()
  })

  it('writes to the outbox of a store that is followed, as all who commit', async () => {
    await pushMany(MANY)
    registry.clock.now += 25 * HOUR
    const followed = new FollowedStore(metadata, { following: true, fenced: false })
    job = testJob({ metadata: followed, blobs, now: registry.parts.now })
    expect(await collect()).toBe(MANY)
    const entries = await metadata.range({ prefix: keys.allOutbox(), limit: 1000 })
    const changed = entries.flatMap(({ value }) => outboxCodec.decode(value).keys)
    const gone = keys.blob(digestOf(Buffer.from('unused 0')))
    expect(changed).toContain(Buffer.from(gone).toString('base64'))
  })

  it('does not happen for little', async () => {
    useThread(new URL('data:text/javascript,process.exit(1)'))
    await pushMany(5)
    registry.clock.now += 25 * HOUR
    expect(await collect()).toBe(5)
  })

  it('ends when it is told to', async () => {
    await pushMany(MANY)
    registry.clock.now += 25 * HOUR
    const stopping = new AbortController()
    const done = collect(stopping.signal)
    stopping.abort()
    expect(await done).toBeLessThan(MANY)
  })

  it('notes what fails, and settles the others', async () => {
    await pushMany(MANY)
    const key = Buffer.from(keys.review(registry.parts.now(), 'nonsense', '00'.repeat(8), undefined))
    await metadata.commit({ checks: [], sets: [{ key, value: new Uint8Array() }], deletes: [] })
    registry.clock.now += 25 * HOUR
    expect(await collect()).toBe(MANY)
    expect(told).toEqual([`collection: entry ${key.toString('hex')}`])
    expect(await count(keys.deadLetters('collection'))).toBe(1)
    expect(await count(keys.reviews())).toBe(1)
  })

  it('fails when the thread ends by itself; the next run has another', async () => {
    await pushMany(MANY)
    registry.clock.now += 25 * HOUR
    useThread(new URL('data:text/javascript,process.exit(1)'))
    await expect(collect()).rejects.toThrow('ended by itself')
    await expect(collect()).rejects.toThrow('ended by itself')
    useThread(WORKER)
    expect(await collect()).toBe(MANY)
  })
})

describe('trash on a thread of its own', { timeout: 30_000 }, () => {
  async function store(text: string, due: number): Promise<BlobLocation> {
    const bytes = Buffer.from(text)
    const writer = await blobs.append(await blobs.create(text.replace(' ', '-')), 0)
    await writer.write(bytes)
    const location = await blobs.complete(await writer.close(), bytes.length, digestOf(bytes))
    const value = trashCodec.encode({ at: 0 })
    await metadata.commit({ checks: [], sets: [{ key: keys.trash(due, location), value }], deletes: [] })
    return location
  }

  it('takes the bytes away whose time is over, and no others', async () => {
    const now = registry.parts.now()
    for (let at = 0; at < MANY; at++) await store(`over ${at}`, now - 1)
    const later = await store('later', now + HOUR)
    const trash = { name: 'empty-trash', everyMs: 0, run: emptyTrash } as const
    const { settings } = registry.parts
    const aside = runAside(trash, { thread, settings, isMuch: muchTrashIsDue })
    expect(await job.run((parts, signal) => aside.run(parts, signal))).toBe(MANY)
    expect(await count(keys.allTrash())).toBe(1)
    const left: string[] = []
    for await (const { location } of blobs.list()) left.push(location)
    expect(left).toEqual([later])
  })
})
