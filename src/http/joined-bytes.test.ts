import { expect, test } from 'vitest'
import { JoinedBytes } from './joined-bytes.ts'

test.each([undefined, 0, 3, 100])(
  'joins pieces of any size in their order, with %s bytes announced',
  (expected) => {
    const joined = new JoinedBytes(10_000, expected)
    const pieces = [1, 0, 7, 2000, 1].map((length, at) => Buffer.alloc(length, `${at}`))
    for (const piece of pieces) expect(joined.add(piece)).toBe(true)
    expect(joined.length).toBe(2009)
    expect(Buffer.from(joined.bytes()).equals(Buffer.concat(pieces))).toBe(true)
  },
)

test('takes as many as it may and none beyond', () => {
  const joined = new JoinedBytes(10)
  expect(joined.add(Buffer.from('0123456789'))).toBe(true)
  expect(joined.add(Buffer.from('x'))).toBe(false)
  expect(joined.add(Buffer.alloc(0))).toBe(true)
  expect(Buffer.from(joined.bytes()).toString()).toBe('0123456789')
})

test('makes no more room than it may, whatever is announced', () => {
  const joined = new JoinedBytes(10, 1_000_000)
  joined.add(Buffer.from('short'))
  expect(joined.bytes().buffer.byteLength).toBe(10)
})
