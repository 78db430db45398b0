import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { digestFromBytes } from '../../src/oci/digest.ts'
import { StoreDamaged } from '../store-errors.ts'
import { type BlobStoreCase, sampleBytes } from './contract-bench.ts'

const BYTES = sampleBytes(3_000_000, 9)
const LAST = BYTES.length - 1
const LARGE_CHUNKS = 800
const CHUNK = sampleBytes(65_536, 11)

const MEMORY_LIMIT = 32_000_000

/** Most bytes outside of the heap seen so far, over those at the start. */
function memoryWatch(): { look(): void; readonly growth: number } {
  const now = (): number => process.memoryUsage().arrayBuffers
  const before = now()
  let most = before
  return {
    look() {
      // What sockets gave and nobody holds any more counts only until it is collected.
      if (now() - before >= MEMORY_LIMIT) collectGarbage()
      most = Math.max(most, now())
    },
    get growth() {
      return most - before
    },
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
}

/** read and its reader. */
export const readCases: readonly BlobStoreCase[] = [
  {
    name: 'a file that a reader names holds its bytes, all of them',
    async run(bench) {
      const location = await bench.put(BYTES)
      const whole = await bench.reader(location)
      const part = await bench.reader(location, { start: 1, end: 2 })
      await Promise.all([whole.close(), part.close()])
      expect(part.file).toBeUndefined()
      if (whole.file !== undefined) expect(BYTES.equals(await readFile(whole.file))).toBe(true)
    },
  },
  {
    name: 'ranges: first, last, single byte, inner, whole',
    async run(bench) {
      const location = await bench.put(BYTES)
      for (const [start, end] of [
        [0, 0],
        [LAST, LAST],
        [1, 1],
        [65_535, 65_536],
        [1_000_000, 2_999_998],
        [0, LAST],
      ] as const) {
        const reader = await bench.reader(location, { start, end })
        expect(reader.size).toBe(BYTES.length)
        await reader.close()
        const part = await bench.get(location, { start, end })
        expect(part.equals(BYTES.subarray(start, end + 1))).toBe(true)
      }
    },
  },
  {
    name: 'a range that goes beyond the end is damage, never a short answer',
    async run(bench) {
      const location = await bench.put(BYTES)
      for (const start of [0, LAST, LAST + 1]) {
        await expect(bench.get(location, { start, end: LAST + 1 })).rejects.toThrow(StoreDamaged)
      }
    },
  },
  {
    name: 'a range that is none is refused',
    async run(bench) {
      const location = await bench.put(BYTES)
      await expect(bench.get(location, { start: 2, end: 1 })).rejects.toThrow(RangeError)
      await expect(bench.get(location, { start: -1, end: 1 })).rejects.toThrow(RangeError)
    },
  },
  {
    name: 'many ranges: each by itself in the order asked, near, far, overlapping, backwards',
    async run(bench) {
      const location = await bench.put(BYTES)
      const ranges = [
        { start: 10, end: 19 },
        { start: 20, end: 20 },
        { start: 100_000, end: 200_000 },
        { start: 2_500_000, end: LAST },
        { start: 150_000, end: 160_000 },
        { start: 0, end: LAST },
        { start: LAST, end: LAST },
        ...Array.from({ length: 300 }, (_, at) => ({ start: at * 9000, end: at * 9000 + 99 })),
      ]
      const pieces = ranges.map((): Buffer[] => [])
      const reader = await bench.store.readMany(location, ranges)
      expect(reader?.size).toBe(BYTES.length)
      let last = 0
      await reader?.pump((chunk, index) => {
        expect([last, last + 1]).toContain(index)
        last = index
        pieces[index]?.push(Buffer.from(chunk))
      })
      for (const [index, { start, end }] of ranges.entries())
        expect(Buffer.concat(pieces[index] ?? []).equals(BYTES.subarray(start, end + 1))).toBe(true)
    },
  },
  {
    name: 'many ranges: stopped, closed, absent or beyond the end',
    async run(bench) {
      const location = await bench.put(BYTES)
      const ranges = Array.from({ length: 40 }, (_, at) => ({ start: at * 70_000, end: at * 70_000 + 9 }))
      const gone = new Error('the client went away')
      const stopped = await bench.store.readMany(location, ranges)
      await expect(
        stopped?.pump((_, index) => (index === 3 ? Promise.reject(gone) : undefined)),
      ).rejects.toBe(gone)
      const closed = await bench.store.readMany(location, ranges)
      await closed?.close()
      const short = await bench.store.readMany(location, [...ranges, { start: LAST, end: LAST + 1 }])
      await expect(short?.pump(() => undefined)).rejects.toThrow(StoreDamaged)
      await bench.store.remove(location)
      expect(await bench.store.readMany(location, ranges)).toBeUndefined()
    },
  },
  {
    name: 'a slow sink is waited for, chunk by chunk',
    async run(bench) {
      const location = await bench.put(BYTES)
      const reader = await bench.reader(location)
      const hash = createHash('sha256')
      let running = 0
      await reader.pump(async (chunk) => {
        running++
        expect(running).toBe(1)
        const before = Buffer.from(chunk)
        await sleep(2)
        expect(before.equals(chunk), 'the chunk changed while the sink had it').toBe(true)
        hash.update(chunk)
        running--
      })
      expect(hash.digest('hex')).toBe(createHash('sha256').update(BYTES).digest('hex'))
    },
  },
  {
    name: 'a sink may copy chunks and answer at once',
    async run(bench) {
      const whole = await bench.get(await bench.put(BYTES))
      expect(whole.equals(BYTES)).toBe(true)
    },
  },
  {
    name: 'a sink that rejects stops the pump with its own error',
    async run(bench) {
      const location = await bench.put(BYTES)
      const reader = await bench.reader(location)
      const failure = new Error('the client went away')
      let calls = 0
      const pumped = reader.pump(async () => {
        calls++
        await sleep(1)
        throw failure
      })
      await expect(pumped).rejects.toBe(failure)
      await sleep(5)
      expect(calls).toBe(1)
      expect((await bench.get(location)).equals(BYTES)).toBe(true)
    },
  },
  {
    name: 'a signal stops the pump between chunks, with its reason',
    async run(bench) {
      const reader = await bench.reader(await bench.put(BYTES))
      const stop = new AbortController()
      const reason = new Error('enough')
      let calls = 0
      const pumped = reader.pump(() => {
        calls++
        stop.abort(reason)
      }, stop.signal)
      await expect(pumped).rejects.toBe(reason)
      expect(calls).toBe(1)
    },
  },
  {
    name: 'a signal that fired before lets nothing through',
    async run(bench) {
      const reader = await bench.reader(await bench.put(BYTES))
      await expect(
        reader.pump(() => expect.unreachable(), AbortSignal.abort(new Error('no'))),
      ).rejects.toThrow('no')
    },
  },
  {
    name: 'a reader is closed without reading, twice, and pumps no more',
    async run(bench) {
      const reader = await bench.reader(await bench.put(BYTES))
      await reader.close()
      await reader.close()
      await expect(reader.pump(() => expect.unreachable())).rejects.toThrow(TypeError)
    },
  },
  {
    name: 'many readers of one blob at the same time',
    async run(bench) {
      const location = await bench.put(BYTES)
      const all = await Promise.all(Array.from({ length: 100 }, () => bench.get(location)))
      expect(all.every((bytes) => bytes.equals(BYTES))).toBe(true)
    },
  },
  {
    name: 'a running read ends well when the blob is removed',
    needs: 'readsSurviveRemove',
    async run(bench) {
      const location = await bench.put(BYTES)
      const reader = await bench.reader(location)
      const pieces: Buffer[] = []
      await reader.pump(async (chunk) => {
        await bench.store.remove(location)
        pieces.push(Buffer.from(chunk))
      })
      expect(Buffer.concat(pieces).equals(BYTES)).toBe(true)
      expect(await bench.store.read(location)).toBeUndefined()
    },
  },
  {
    name: '50 MB go in and out without being held',
    needs: 'boundedMemory',
    async run(bench) {
      const watch = memoryWatch()
      const writer = await bench.store.append(await bench.begin(), 0)
      const sent = createHash('sha256')
      for (let count = 0; count < LARGE_CHUNKS; count++) {
        sent.update(CHUNK)
        await writer.write(CHUNK)
        watch.look()
      }
      const digest = digestFromBytes('sha256', sent.digest())
      const location = await bench.complete(await writer.close(), LARGE_CHUNKS * CHUNK.length, digest)
      const received = createHash('sha256')
      const reader = await bench.reader(location)
      await reader.pump((chunk) => {
        received.update(chunk)
        watch.look()
      })
      expect(digestFromBytes('sha256', received.digest())).toBe(digest)
      expect(watch.growth).toBeLessThan(MEMORY_LIMIT)
    },
  },
]
