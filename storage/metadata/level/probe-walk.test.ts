import { array, assert, asyncProperty, integer, record, uniqueArray } from 'fast-check'
import { expect, it } from 'vitest'
import { createMemoryLevel } from '../memory/memory-metadata-store.ts'
import { toTheEnd } from './keyspace.ts'
import { ProbeWalk } from './probe-walk.ts'

const keyOf = (at: number) => Buffer.from([1, at >> 8, at & 255])

async function walkOver(records: readonly number[], probes: readonly { at: number; limit: number }[]) {
  const database = createMemoryLevel()
  await database.open()
  await database.batch(
    records.map((at) => ({ type: 'put' as const, key: keyOf(at), value: Buffer.from([7]) })),
    {},
  )
  const sought: number[] = []
  const iterator = database.iterator(toTheEnd(keyOf(probes[0]?.at ?? 0)))
  const walk = new ProbeWalk(iterator, probes.length, (key) => {
    sought.push(Buffer.from(key).readUInt16BE(1))
    iterator.seek(key)
  })
  const found: number[][] = []
  for (const { at, limit } of probes) {
    const frames = await walk.find({ key: keyOf(at), limit })
    found.push(frames.map(([key]) => Buffer.from(key).readUInt16BE(1)))
  }
  await iterator.close()
  await database.close()
  return { found, sought }
}

it('finds for each probe the first records at or behind it, wherever they are', async () => {
  const place = integer({ min: 0, max: 300 })
  const probe = record({ at: place, limit: integer({ min: 1, max: 3 }) })
  await assert(
    asyncProperty(uniqueArray(place, { maxLength: 60 }), array(probe), async (records, probes) => {
      const there = records.toSorted((one, other) => one - other)
      const sorted = probes.toSorted((one, other) => one.at - other.at)
      const { found } = await walkOver(there, sorted)
      const expected = sorted.map(({ at, limit }) => there.filter((one) => one >= at).slice(0, limit))
      expect(found).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

it('goes on without seeking where probes follow each other closely', async () => {
  const all = Array.from({ length: 200 }, (_, at) => at)
  const { sought } = await walkOver(
    all,
    all.map((at) => ({ at, limit: 2 })),
  )
  expect(sought).toEqual([])
})
