import { array, assert, integer, nat, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { ByteRing } from './byte-ring.ts'

test('every byte comes out once and in order, whatever is filled and emptied when', () => {
  const steps = array(record({ fill: nat(40), empty: nat(40) }), { maxLength: 200 })
  assert(
    property(integer({ min: 1, max: 40 }), steps, (size, turns) => {
      const ring = new ByteRing(Buffer.alloc(size))
      let [next, expected] = [0, 0]
      for (const { fill, empty } of turns) {
        const space = ring.space()
        expect(space.length).toBeGreaterThan(0)
        const count = ring.isFull ? 0 : Math.min(fill, space.length)
        for (let at = 0; at < count; at++) space[at] = next++ % 251
        ring.fill(count)
        const chunk = ring.chunk().subarray(0, empty)
        for (const byte of chunk) expect(byte).toBe(expected++ % 251)
        ring.empty(chunk.length)
        expect(ring.length).toBe(next - expected)
      }
    }),
  )
})

test('the space that a full ring names is the space that it has when it is full no longer', () => {
  const ring = new ByteRing(Buffer.alloc(16))
  ring.fill(6)
  ring.empty(6)
  ring.fill(ring.space().length)
  ring.fill(4)
  expect(ring.isFull).toBe(true)
  const named = ring.space()
  ring.empty(ring.chunk().length)
  expect(ring.isFull).toBe(false)
  expect(named.byteOffset).toBe(ring.space().byteOffset)
  expect(named.length).toBeLessThanOrEqual(ring.space().length)
})
