import { array, assert, integer, property } from 'fast-check'
import { expect, it } from 'vitest'
import { Newest } from './newest.ts'

it('finds the newest, of equal ones the first', () => {
  const time = integer({ min: 0, max: 20 })
  assert(
    property(array(time, { maxLength: 60 }), integer({ min: 0, max: 30 }), (times, count) => {
      const newest = new Newest(count)
      for (const one of times) newest.add(one)
      const isAmong = newest.among()
      const found = times.map((one, at) => ({ one, at })).filter(({ one }) => isAmong(one))
      const expected = times
        .map((one, at) => ({ one, at }))
        .toSorted((a, b) => b.one - a.one)
        .slice(0, count)
      expect(found).toEqual(expected.toSorted((a, b) => a.at - b.at))
    }),
  )
})

it('finds them among more than it holds', () => {
  const times = Array.from({ length: 10_000 }, (_, at) => (at * 7919) % 10_007)
  const newest = new Newest(3)
  for (const one of times) newest.add(one)
  const isAmong = newest.among()
  const found = times.filter((one) => isAmong(one))
  expect(new Set(found)).toEqual(new Set(times.toSorted((a, b) => b - a).slice(0, 3)))
  expect(found).toHaveLength(3)
})
