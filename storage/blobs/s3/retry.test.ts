import { describe, expect, it } from 'vitest'
import { NoSpace, StoreUnavailable } from '../../store-errors.ts'
import { CallLimit } from './call-limit.ts'
import { Calls } from './calls.ts'
import type { Clock } from './retry.ts'
import { S3CallFailed } from './s3-errors.ts'

/** A clock whose sleeps pass at once; each attempt takes a second of it. */
function testClock(random = 0.5): Clock & { readonly slept: number[]; time: number } {
  const clock = {
    time: 0,
    slept: [] as number[],
    now: () => clock.time,
    sleep: async (milliseconds: number) => {
      clock.slept.push(milliseconds)
      clock.time += milliseconds
    },
    random: () => random,
  }
  return clock
}

async function outcome(failures: readonly unknown[], clock = testClock()): Promise<unknown> {
  const left = [...failures]
  const calls = new Calls(10_000, clock)
  return calls
    .run('answer', async () => {
      clock.time += 1000
      if (left.length > 0) throw left.shift()
      return 'answer'
    })
    .catch((error: unknown) => error)
}

/** As the SDK throws it. */
function sdkError(name: string, status?: number): Error {
  const error = new Error(name)
  error.name = name
  return Object.assign(error, { $metadata: { httpStatusCode: status } })
}

describe('a call to S3', () => {
  it.each([
    sdkError('SlowDown', 503),
    sdkError('InternalError', 500),
    sdkError('InternalError', 200),
    sdkError('RequestTimeout', 400),
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    sdkError('TimeoutError'),
  ])('is made again after %s', async (error) => {
    expect(await outcome([error, error])).toBe('answer')
  })

  it.each([
    sdkError('QuotaExceeded', 403),
    sdkError('XMinioAdminBucketQuotaExceeded', 400),
    sdkError('XMinioStorageFull', 507),
    sdkError('Unknown', 507),
  ])('says that there is no room after %s, and is not made again', async (error) => {
    const clock = testClock()
    expect(await outcome([error], clock)).toBeInstanceOf(NoSpace)
    expect(clock.slept).toEqual([])
  })

  it.each([
    sdkError('AccessDenied', 403),
    sdkError('NoSuchBucket', 404),
    sdkError('NotImplemented', 501),
    sdkError('CredentialsProviderError'),
    Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
  ])('is not made again after %s', async (error) => {
    const clock = testClock()
    expect(await outcome([error], clock)).toBeInstanceOf(StoreUnavailable)
    expect(clock.slept).toEqual([])
  })

  it('fails with StoreUnavailable when the time is over, with the last failure as its cause', async () => {
    const clock = testClock()
    const failed = await outcome(
      Array.from({ length: 100 }, () => sdkError('SlowDown', 503)),
      clock,
    )
    expect(failed).toBeInstanceOf(StoreUnavailable)
    expect(failed).toMatchObject({ cause: { code: 'SlowDown', status: 503 } })
    expect(clock.time).toBeLessThan(12_000)
  })

  it('pauses for random times below a bound that doubles', async () => {
    const clock = testClock(0.999)
    await outcome(
      Array.from({ length: 5 }, () => sdkError('SlowDown', 503)),
      clock,
    )
    expect(clock.slept.map(Math.round)).toEqual([100, 200, 400, 799, 1598])
  })

  it('lets mistakes of this program pass as they are', async () => {
    const mistake = new TypeError('undefined is not a function')
    expect(await outcome([mistake])).toBe(mistake)
  })
})

describe('the cap on calls', () => {
  it('halves with each SlowDown, down to a few, and grows again while it is calm', () => {
    const limit = new CallLimit()
    const { limit: most } = limit
    limit.slowDown()
    expect(limit.limit).toBe(most / 2)
    for (let time = 0; time < 20; time++) limit.slowDown()
    expect(limit.limit).toBeGreaterThan(1)
    for (let call = 0; call < 10_000; call++) limit.calm()
    expect(limit.limit).toBe(most)
  })

  it('lets no more run than it says, and all run in the end', async () => {
    const limit = new CallLimit()
    for (let time = 0; time < 20; time++) limit.slowDown()
    let running = 0
    let most = 0
    const calls = Array.from({ length: 50 }, (_, index) =>
      limit.run(async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        if (index % 7 === 0) throw new S3CallFailed('SlowDown', 503)
      }),
    )
    const ended = await Promise.allSettled(calls)
    expect(most).toBe(limit.limit)
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(8)
  })
})
