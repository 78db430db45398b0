import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { type LeaseParts, releaseLease, renewLease, takeLease } from './lease.ts'

let now = 0
let one: LeaseParts
let two: LeaseParts

beforeEach(async () => {
  now = 1_800_000_000_000
  const shared = { metadata: await openMemoryMetadataStore(), now: () => now }
  one = { ...shared, holder: 'one' }
  two = { ...shared, holder: 'two' }
})

describe('a lease', () => {
  it('belongs to one process at a time, for each job apart', async () => {
    expect(await takeLease(one, 'scrub', 1000)).toBe(true)
    expect(await takeLease(two, 'scrub', 1000)).toBe(false)
    expect(await takeLease(two, 'sweep', 1000)).toBe(true)
  })

  it('is given to one of many who ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, at) => takeLease({ ...one, holder: `p${at}` }, 'scrub', 1000)),
    )
    expect(asked.filter(Boolean)).toHaveLength(1)
  })

  it('can be taken by the next when it ran out, and then no more be renewed by the first', async () => {
    await takeLease(one, 'scrub', 1000)
    now += 1000
    expect(await takeLease(two, 'scrub', 1000)).toBe(true)
    expect(await renewLease(one, 'scrub', 1000)).toBe(false)
    expect(await renewLease(two, 'scrub', 1000)).toBe(true)
  })

  it('keeps nobody waiting that was taken before the clock was set back', async () => {
    await takeLease(one, 'scrub', 1000)
    now -= 3_600_000
    expect(await takeLease(two, 'scrub', 1000)).toBe(true)
    expect(await renewLease(one, 'scrub', 1000)).toBe(false)
  })

  it('is believed where another clock is a little ahead', async () => {
    await takeLease(one, 'scrub', 1000)
    now -= 30_000
    expect(await takeLease(two, 'scrub', 1000)).toBe(false)
  })

  it('lasts from its renewal on', async () => {
    await takeLease(one, 'scrub', 1000)
    now += 900
    expect(await renewLease(one, 'scrub', 1000)).toBe(true)
    now += 900
    expect(await takeLease(two, 'scrub', 1000)).toBe(false)
  })

  it('is free at once when it is released, by its holder alone', async () => {
    await takeLease(one, 'scrub', 1000)
    await releaseLease(two, 'scrub')
    expect(await takeLease(two, 'scrub', 1000)).toBe(false)
    await releaseLease(one, 'scrub')
    expect(await takeLease(two, 'scrub', 1000)).toBe(true)
  })
})
