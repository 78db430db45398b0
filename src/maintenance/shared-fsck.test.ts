import { beforeEach, expect, test } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { FsckStatus } from './fsck.ts'
import { SharedFsck } from './shared-fsck.ts'

const OPTIONS = { repair: false, force: false }
const FOUND = { found: 2, mended: 0 }

let metadata: MetadataStore
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
