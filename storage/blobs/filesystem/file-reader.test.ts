import { expect, test } from 'vitest'
import { StoreDamaged } from '../../store-errors.ts'
import { BufferPool } from '../buffer-pool.ts'
import { sampleBytes } from '../contract-bench.ts'
import { FileReader } from './file-reader.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const BYTES = sampleBytes(200, 31)

async function readerOf(pool: BufferPool): Promise<{ reader: FileReader; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk()
  const file = await disk.open('/file', 'wx')
  for (let at = 0; at < BYTES.length; ) at += await file.write(BYTES, at, BYTES.length - at, at)
  return { reader: new FileReader({ file, pool, size: 200, start: 0, stop: 200 }), disk }
}

test('a chunk that a failed sink may still hold is never lent again', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 64 })
  const { reader, disk } = await readerOf(pool)
  let kept: Uint8Array | undefined
  const pumped = reader.pump((chunk) => {
    kept = chunk
    throw new Error('the socket was cut')
  })
  await expect(pumped).rejects.toThrow('the socket was cut')
  expect(disk.openFiles).toBe(0)
  expect(pool.lentBytes).toBe(0)
  pool.lend(64).fill(0)
  expect(kept).toEqual(BYTES.subarray(0, kept?.length))
})

test('a pump uses one buffer again and again, and gives it back', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 64 })
  const { reader } = await readerOf(pool)
  const memory = new Set<ArrayBufferLike>()
  await reader.pump((chunk) => void memory.add(chunk.buffer))
  expect(memory.size).toBeLessThanOrEqual(3)
  expect(pool.lentBytes).toBe(0)
})

test('a file cut while it is read is damage', async () => {
  const { reader, disk } = await readerOf(new BufferPool({ tiny: 16, small: 32, large: 64 }))
  const other = await disk.open('/file', 'r+')
  const pumped = reader.pump(() => other.truncate(50))
  await expect(pumped).rejects.toThrow(StoreDamaged)
})
