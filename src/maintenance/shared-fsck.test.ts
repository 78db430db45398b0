import { beforeEach, expect, test } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { Commit, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { NoSpace } from '../../storage/store-errors.ts'
import type { FsckStatus } from './fsck.ts'
import { SharedFsck } from './shared-fsck.ts'

const OPTIONS = { repair: false, force: false }
const FOUND = { found: 2, mended: 0 }

let metadata: MetadataStore
let full: boolean
let now = 0

/** A replica whose check ends when it is told to. */
function replica() {
  const end = Promise.withResolvers<undefined>()
  let status: FsckStatus | undefined
  const fsck = {
    get status() {
      return status
    },
    start: () => {
      const checked = { records: 3, blobs: 1, locations: 1 }
      status = { ...OPTIONS, state: 'running', begun: now, checked, problems: new Map(), examples: [] }
      return status
    },
    ended: () => end.promise,
    stop: () => Promise.resolve(),
  }
  const finish = () => {
    if (status !== undefined)
      status = { ...status, state: 'done', finished: now, problems: new Map([['a problem', FOUND]]) }
    end.resolve(undefined)
  }
  const failures: unknown[] = []
  const onError = (error: unknown) => void failures.push(error)
  return { shared: new SharedFsck({ fsck, metadata, now: () => now, onError }), finish, failures }
}

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  full = false
  const commit = metadata.commit.bind(metadata)
  metadata.commit = (one: Commit) => (full ? Promise.reject(new NoSpace('the disk is full')) : commit(one))
  now = 1_000_000
})

test('what one replica checks, the other tells, and neither begins another', async () => {
  const [one, other] = [replica(), replica()]
  expect(await other.shared.status()).toBeUndefined()
  expect(await one.shared.start(OPTIONS)).toMatchObject({ state: 'running', begun: now })
  expect(await other.shared.status()).toMatchObject({ state: 'running' })
  for (const { shared } of [one, other])
    await expect(shared.start(OPTIONS)).rejects.toMatchObject({ code: 'CONFLICT' })
  one.finish()
  await one.shared.stop()
  const problems = new Map([['a problem', FOUND]])
  for (const { shared, failures } of [one, other]) {
    expect(await shared.status()).toMatchObject({ state: 'done', finished: now, problems })
    expect(failures).toEqual([])
  }
  await other.shared.start(OPTIONS)
})

test('a check whose process is gone has failed, and another begins; the old one does not speak over it', async () => {
  const [gone, next] = [replica(), replica()]
  await gone.shared.start(OPTIONS)
  now += 31_000
  const status = await next.shared.status()
  expect([status?.state, status?.error]).toEqual(['failed', 'the server that ran it has stopped'])
  await next.shared.start(OPTIONS)
  gone.finish()
  await gone.shared.stop()
  expect(await next.shared.status()).toMatchObject({ state: 'running', begun: now })
})

test('a check that was told of before the clock was set back has failed, too', async () => {
  const [gone, next] = [replica(), replica()]
  await gone.shared.start(OPTIONS)
  now -= 31_000
  expect(await next.shared.status()).toMatchObject({ state: 'failed' })
  await next.shared.start(OPTIONS)
})

test('where nothing can be written a process checks alone, and says so; it mends nothing', async () => {
  const [one, other] = [replica(), replica()]
  full = true
  const repair = one.shared.start({ repair: true, force: false })
  await expect(repair).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(repair).rejects.toThrow(/repaired.*the disk is full.*without --repair/)
  expect(await one.shared.status()).toBeUndefined()
  const alone: unknown = expect.stringContaining('the disk is full')
  expect(await one.shared.start(OPTIONS)).toMatchObject({ state: 'running', alone })
  await expect(one.shared.start(OPTIONS)).rejects.toMatchObject({ code: 'CONFLICT' })
  one.finish()
  expect(await one.shared.status()).toMatchObject({ state: 'done', alone })
  expect(await other.shared.status()).toBeUndefined()
  full = false
  now += 1
  await other.shared.start(OPTIONS)
  expect(await one.shared.status()).toMatchObject({ state: 'running', begun: now })
  expect(await one.shared.status()).not.toHaveProperty('alone')
})

test('a disk that becomes full during a check does not hide how it ended', async () => {
  const one = replica()
  await one.shared.start(OPTIONS)
  full = true
  one.finish()
  await one.shared.stop()
  const alone: unknown = expect.stringContaining('the disk is full')
  expect(await one.shared.status()).toMatchObject({ state: 'done', alone })
  expect(one.failures).toHaveLength(1)
})
