import { expect, test } from 'vitest'
import { inParts } from './in-parts.ts'

test('of very many keys some are read at a time, in their order, and others get their turn in between', async () => {
  const keys = Array.from({ length: 2500 }, (_, at) => at)
  const events: (number | string)[] = []
  const found = await inParts(keys, (some) => {
    events.push(some.length)
    setImmediate(() => events.push('other'))
    return Promise.resolve(some.map((key) => -key))
  })
  expect(found).toEqual(keys.map((key) => -key))
  expect(events).toEqual([1000, 'other', 1000, 'other', 500, 'other'])
})

test('few keys are read as they are, also none', async () => {
  const reads: (readonly number[])[] = []
  const read = (some: readonly number[]) => {
    reads.push(some)
    return Promise.resolve(some)
  }
  expect([await inParts([3, 1, 2], read), await inParts([], read)]).toEqual([[3, 1, 2], []])
  expect(reads).toEqual([[3, 1, 2], []])
})
