import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { ShortTurns } from '../../../storage/short-turns.ts'
import { holdCodec } from '../../records/cursor.ts'
import { keys } from '../../records/keys.ts'
import { forgetHolds, isHeld, whileHeld } from './holds.ts'

const NOW = 1_800_000_000_000
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

let metadata: MetadataStore
let isAway: boolean
const now = (): number => Date.now()

beforeEach(async () => {
  isAway = false
  const store = await openMemoryMetadataStore()
  metadata = {
    read: (wanted) => store.read(wanted),
    range: (query) => store.range(query),
    commit: (commit) => (isAway ? Promise.reject(new Error('away')) : store.commit(commit)),
    snapshot: () => store.snapshot(),
    close: () => store.close(),
  }
  vi.useFakeTimers({ now: NOW, toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(async () => {
  vi.useRealTimers()
  // The last turn was given at a time that is still to come: nobody after it in this process would rest until then.
  await new ShortTurns({ isUrgent: true }).rest()
})

/** Lets minutes pass, one after the other. */
async function pass(minutes: number): Promise<void> {
  for (let at = 0; at < minutes; at++) {
    vi.advanceTimersByTime(MINUTE)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function leave(id: string, until: number): Promise<void> {
  const sets = [{ key: keys.hold(id), value: holdCodec.encode({ until }) }]
  await metadata.commit({ checks: [], sets, deletes: [] })
}

const holds = async (): Promise<number> =>
  (await metadata.range({ prefix: keys.all('hold'), limit: 1000 })).length

describe('a hold', () => {
  it('lasts as long as the work, and no longer', async () => {
    await whileHeld({ metadata, now }, async () => {
      await pass(30)
      expect(await isHeld({ metadata, now })).toBe(true)
    })
    expect(await isHeld({ metadata, now })).toBe(false)
    expect(await holds()).toBe(0)
  })

  it('is kept over minutes in which nothing can be written', async () => {
    const result = await whileHeld({ metadata, now }, async () => {
      isAway = true
      await pass(3)
      isAway = false
      await pass(3)
      return 'done'
    })
    expect(result).toBe('done')
  })

  it('that ran out while the work went on makes it fail, also when it is there again', async () => {
    const work = whileHeld({ metadata, now }, async () => {
      isAway = true
      await pass(12)
      isAway = false
      await pass(3)
    })
    await expect(work).rejects.toThrow('could not be kept')
  })

  it('is seen behind those of servers that died', async () => {
    for (let at = 100; at < 300; at++) await leave(`0${at}`, NOW - 1)
    expect(await isHeld({ metadata, now })).toBe(false)
    await leave('1', NOW + MINUTE)
    expect(await isHeld({ metadata, now })).toBe(true)
  })

  it('of a server that died while its clock was ahead goes with the next start of the only one', async () => {
    await leave('ahead', NOW + 400 * DAY)
    expect(await isHeld({ metadata, now })).toBe(true)
    await forgetHolds(metadata)
    expect(await isHeld({ metadata, now })).toBe(false)
  })

  it('of a server that died long ago goes when the next one begins', async () => {
    await leave('dead', NOW - 2 * DAY)
    await leave('late', NOW - MINUTE)
    await whileHeld({ metadata, now }, () => Promise.resolve())
    expect(await holds()).toBe(1)
  })
})
