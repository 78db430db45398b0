import { beforeEach, describe, expect, it } from 'vitest'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore, RangeQuery } from '../../../storage/metadata/metadata-store.ts'
import { keys } from '../../records/keys.ts'
import { outboxCodec } from '../../records/migration.ts'
import { catchUp } from './catch-up.ts'
import { agree } from './marks.ts'
import type { Followed } from './place.ts'
import { PAGE } from './walk.ts'

const BEGIN = 1_800_000_000_000

let clock: number
let made: number
let pace: number
let paces: number[]
let store: MetadataStore

beforeEach(async () => {
  clock = BEGIN
  made = 0
  pace = 0
  paces = []
  store = await openMemoryMetadataStore()
})

/** So many commits that are in the outbox. */
async function change(entries: number): Promise<void> {
  const sets = Array.from({ length: entries }, () => {
    const id = Buffer.alloc(8)
    id.writeUInt32BE((made += 1))
    return { key: keys.outbox(clock, id), value: outboxCodec.encode({ keys: [] }) }
  })
  if (sets.length > 0) await store.commit({ checks: [], sets, deletes: [] })
}

/** Each page takes a second, in which so many changes are made as `pushed` says of the pace. */
async function run(pushed: (pace: number) => number): Promise<void> {
  const metadata: Followed = {
    read: (wanted) => store.read(wanted),
    range: async (query: RangeQuery) => {
      clock += 1000
      await change(pushed(pace))
      return store.range(query)
    },
    snapshot: () => store.snapshot(),
    commit: (commit) => store.commit(commit),
    close: () => store.close(),
    follow: () => Promise.resolve(),
    unfollow: () => undefined,
    get changes() {
      return made
    },
    fence: () => Promise.resolve(),
    lift: () => undefined,
    pace: (milliseconds) => {
      pace = milliseconds
      paces.push(milliseconds)
    },
  }
  const blobs = openMemoryBlobStore(emptyMemoryBlobs())
  const target = { metadata: await openMemoryMetadataStore(), blobs }
  const { id } = await agree(target.metadata, undefined, { name: 'there', now: BEGIN })
  const progress = { blobs: 0, bytes: 0, records: 0 }
  await catchUp(
    { source: { metadata, blobs }, target, id, now: () => clock, progress },
    { metadata, damaged: new Set(), signal: new AbortController().signal },
  )
}

const left = async (): Promise<number> =>
  (await store.range({ prefix: keys.allOutbox(), limit: 100_000 })).length

describe('catching up', () => {
  it('slows nobody down who pushes less than can be copied', async () => {
    await change(5000)
    await run(() => PAGE / 10)
    expect(paces).toEqual([])
    expect(await left()).toBeLessThan(PAGE)
  })

  it('slows down who pushes more, just as far as is needed', async () => {
    await change(5000)
    await run((waits) => (waits >= 400 ? PAGE / 4 : PAGE * 2))
    expect(paces).toEqual([50, 100, 200, 400])
    expect(await left()).toBeLessThan(PAGE)
  })

  it('ends even when that does not help', async () => {
    await change(1000)
    await run(() => PAGE * 2)
    expect(paces.at(-1)).toBe(2000)
  })
})
