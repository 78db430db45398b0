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

test('a pump uses two buffers again and again, and gives them back', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 32 })
  const { reader } = await readerOf(pool)
  const memory = new Set<ArrayBufferLike>()
  const pieces: Buffer[] = []
  await reader.pump((chunk) => {
    memory.add(chunk.buffer)
    pieces.push(Buffer.from(chunk))
  })
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(BYTES))
  // The last eight bytes fit a tiny one.
  expect(memory.size).toBe(3)
  expect(pool.lentBytes).toBe(0)
})

test('the next chunk is read while one is on its way, never more of them', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 32 })
  const { reader } = await readerOf(pool)
  const lent: number[] = []
  await reader.pump(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    lent.push(pool.lentBytes)
  })
  // The last eight bytes fit a tiny buffer, and nothing comes after them.
  expect(lent).toEqual([64, 64, 64, 64, 64, 48, 16])
})

test('nothing is read ahead when buffers are scarce', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 64, capacity: 255 })
  const { reader } = await readerOf(pool)
  const lent: number[] = []
  await reader.pump(() => void lent.push(pool.lentBytes))
  expect(Math.max(...lent)).toBe(64)
})

test('a read that fails while a chunk is on its way fails the pump when the chunk has arrived', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 64 })
  const { reader, disk } = await readerOf(pool)
  const other = await disk.open('/file', 'r+')
  await other.truncate(64)
  let given = 0
  const pumped = reader.pump(async (chunk) => {
    await new Promise((resolve) => setImmediate(resolve))
    given += chunk.length
  })
  await expect(pumped).rejects.toThrow(StoreDamaged)
  expect(given).toBe(64)
  expect(pool.lentBytes).toBe(0)
})

test('who goes away while a chunk is on its way leaves no buffer behind', async () => {
  const pool = new BufferPool({ tiny: 16, small: 32, large: 64 })
  const { reader, disk } = await readerOf(pool)
  const gone = new AbortController()
  const pumped = reader.pump(() => gone.abort(new Error('gone')), gone.signal)
  await expect(pumped).rejects.toThrow('gone')
  expect(disk.openFiles).toBe(0)
  expect(pool.lentBytes).toBe(0)
})

test('a file cut while it is read is damage', async () => {
  const { reader, disk } = await readerOf(new BufferPool({ tiny: 16, small: 32, large: 64 }))
  const other = await disk.open('/file', 'r+')
  const pumped = reader.pump(() => other.truncate(50))
  await expect(pumped).rejects.toThrow(StoreDamaged)
})
