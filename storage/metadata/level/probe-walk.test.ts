import { array, assert, asyncProperty, integer, record, uniqueArray } from 'fast-check'
import { expect, it } from 'vitest'
import { createMemoryLevel } from '../memory/memory-metadata-store.ts'
import { toTheEnd } from './keyspace.ts'
import type { Frame, LevelIterator } from './level-database.ts'
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

it('reads ahead for many that are near, and nothing for one, or for those that are far apart', async () => {
  const askedFor = async (places: readonly number[]) => {
    const sizes: number[] = []
    let next = 0
    const iterator: LevelIterator = {
      nextv: (size) => {
        sizes.push(size)
        const found = Array.from({ length: size }, (_, at): Frame => [keyOf(next + at), Buffer.from([7])])
        next += size
        return Promise.resolve(found)
      },
      seek: (key) => {
        next = Buffer.from(key).readUInt16BE(1)
      },
      close: () => Promise.resolve(),
    }
    next = places[0] ?? 0
    const walk = new ProbeWalk(iterator, places.length, (key) => iterator.seek(key))
    for (const at of places) await walk.find({ key: keyOf(at), limit: 1 })
    return sizes
  }
  expect(await askedFor([5])).toEqual([1])
  expect(await askedFor([5, 6, 7, 8, 9])).toHaveLength(1)
  expect((await askedFor(Array.from({ length: 12 }, (_, at) => at * 1000))).at(-1)).toBe(1)
})
