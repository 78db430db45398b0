import { expect, test } from 'vitest'
import { BufferPool } from './buffer-pool.ts'

const SIZES = { tiny: 16, small: 128, large: 1024, capacity: 4096 }

test('a buffer given back is lent again', () => {
  const pool = new BufferPool(SIZES)
  const buffer = pool.lend(5000)
  expect(buffer.length).toBe(1024)
  pool.giveBack(buffer)
  expect(pool.lend(1000)).toBe(buffer)
})

test('little is wanted, little is lent', () => {
  const pool = new BufferPool(SIZES)
  expect(pool.lend(0).length).toBe(16)
  expect(pool.lend(16).length).toBe(16)
  expect(pool.lend(17).length).toBe(128)
  expect(pool.lend(129).length).toBe(1024)
})

test('loans shrink under pressure, never wait, and grow again', () => {
  const pool = new BufferPool(SIZES)
  const loans = Array.from({ length: 60 }, () => pool.lend(5000))
  const count = (size: number): number => loans.filter((loan) => loan.length === size).length
  expect([count(1024), count(128), count(16)]).toEqual([2, 16, 42])
  for (const loan of loans) pool.giveBack(loan)
  expect(pool.lentBytes).toBe(0)
  expect(pool.lend(5000).length).toBe(1024)
})

test('what waits in the pool makes room for another size', () => {
  const pool = new BufferPool(SIZES)
  const small = Array.from({ length: 32 }, () => pool.lend(100))
  for (const loan of small) pool.giveBack(loan)
  expect(pool.heldBytes).toBe(4096)
  pool.lend(5000)
  pool.lend(5000)
  expect(pool.heldBytes).toBeLessThanOrEqual(4096)
})

test('what was lent beyond the capacity is not kept', () => {
  const pool = new BufferPool(SIZES)
  const loans = Array.from({ length: 500 }, () => pool.lend(5000))
  expect(pool.lentBytes).toBeGreaterThan(4096)
  for (const loan of loans) pool.giveBack(loan)
  expect(pool.heldBytes).toBeLessThanOrEqual(4096)
})

test('a forgotten buffer is not lent again', () => {
  const pool = new BufferPool(SIZES)
  const buffer = pool.lend(5000)
  pool.forget(buffer)
  expect(pool.lentBytes).toBe(0)
  expect(pool.lend(5000)).not.toBe(buffer)
})
