import { describe, expect, it } from 'vitest'
import { sampleBytes } from '../contract-bench.ts'
import { groupRanges, openRanges } from './ranges-reader.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const KIB = 1024

describe('ranges of one request', () => {
  it('share a GET when less than 256 KiB lie between them, and are never moved', () => {
    const spans = [
      { start: 0, end: 9 },
      { start: 10, end: 19 },
      { start: 20 + 256 * KIB - 1, end: 500 * KIB },
      { start: 500 * KIB + 1 + 256 * KIB, end: 800 * KIB },
      { start: 5, end: 6 },
      { start: 6, end: 7 },
    ]
    const shape = groupRanges(spans).map(({ ranges }) => ranges.map(({ index }) => index))
    expect(shape).toEqual([[0, 1, 2], [3], [4], [5]])
  })

  it('take at most eight GETs at a time, each when it is needed', async () => {
    const bucket = new SimulatedBucket()
    const bytes = sampleBytes(100 * 300_000)
    await bucket.put('k', { length: bytes.length, open: () => [bytes] })
    const ranges = Array.from({ length: 100 }, (_, at) => ({ start: at * 300_000, end: at * 300_000 + 9 }))
    const reader = await openRanges(bucket, 'k', ranges)
    const opened = (): number => bucket.calls.filter((call) => call.startsWith('get')).length
    expect(opened()).toBe(1)
    await reader?.pump((_, index) => {
      expect(opened()).toBeLessThanOrEqual(index + 8)
    })
    expect(opened()).toBe(100)
  })
})
