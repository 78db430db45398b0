import { describe, expect, it } from 'vitest'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import { drain, sampleBytes } from '../contract-bench.ts'
import type { GetResult } from './bucket.ts'
import { openReader } from './object-reader.ts'
import { S3CallFailed } from './s3-errors.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const BYTES = sampleBytes(300_000)

/** A bucket whose connections break after so many bytes each; undefined: never. */
class BreakingBucket extends SimulatedBucket {
  readonly breaks: { after: number; how: 'error' | 'end' }[] = []
  opened = 0

  override async get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<GetResult> {
    const found = await super.get(key, range)
    this.opened += 1
    const next = this.breaks.shift()
    if (next === undefined || found === undefined || found === 'beyond') return found
    return { ...found, body: broken(found.body, next) }
  }
}

async function* broken(
  body: AsyncIterable<Uint8Array>,
  { after, how }: { after: number; how: 'error' | 'end' },
): AsyncGenerator<Uint8Array> {
  let left = after
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left)
    left -= chunk.length
    if (left > 0) continue
    if (how === 'error') throw new S3CallFailed('ECONNRESET', undefined)
    return
  }
}

async function bucketWith(bytes: Buffer): Promise<BreakingBucket> {
  const bucket = new BreakingBucket()
  await bucket.put('k', { length: bytes.length, open: () => [bytes] })
  return bucket
}

describe('reading an object', () => {
  it('is one call, whole and in a range', async () => {
    const bucket = await bucketWith(BYTES)
    const whole = await openReader(bucket, 'k')
    expect(whole && (await drain(whole))).toEqual(BYTES)
    const part = await openReader(bucket, 'k', { start: 5, end: 70_000 })
    expect(part?.size).toBe(BYTES.length)
    expect(part && (await drain(part))).toEqual(BYTES.subarray(5, 70_001))
    expect(bucket.calls.filter((call) => !call.startsWith('put'))).toEqual(['get k', 'get k'])
  })

  it.each(['error', 'end'] as const)('goes on where a connection broke with an %s', async (how) => {
    const bucket = await bucketWith(BYTES)
    bucket.breaks.push({ after: 1000, how }, { after: 0, how }, { after: 70_000, how })
    const reader = await openReader(bucket, 'k', { start: 10, end: 299_990 })
    expect(reader && (await drain(reader))).toEqual(BYTES.subarray(10, 299_991))
    expect(bucket.opened).toBe(4)
  })

  it('gives up after many breaks, and never ends short', async () => {
    const bucket = await bucketWith(BYTES)
    for (let time = 0; time < 100; time++) bucket.breaks.push({ after: 1, how: 'end' })
    const reader = await openReader(bucket, 'k')
    await expect(reader && drain(reader)).rejects.toThrow(StoreUnavailable)
  })

  it('is damage when the object was removed or cut meanwhile', async () => {
    for (const left of [undefined, BYTES.subarray(0, 500)]) {
      const bucket = await bucketWith(BYTES)
      bucket.breaks.push({ after: 1000, how: 'error' })
      const reader = await openReader(bucket, 'k')
      if (left === undefined) await bucket.remove(['k'])
      else await bucket.put('k', { length: left.length, open: () => [left] })
      await expect(reader && drain(reader)).rejects.toThrow(StoreDamaged)
    }
  })
})
