import { describe, expect, it } from 'vitest'
import type { Clock } from './retry.ts'
import { S3CallFailed } from './s3-errors.ts'
import { SimulatedBucket } from './simulated-bucket.ts'
import { tryOut } from './start-check.ts'

/** A bucket whose removals say `codes` of their key, one after the other, before they succeed. */
function refusing(...codes: string[]): SimulatedBucket {
  const bucket = new SimulatedBucket()
  const remove = bucket.remove.bind(bucket)
  bucket.remove = async (keys) => {
    const code = codes.shift()
    if (code === undefined) return remove(keys)
    return keys.map((key) => ({ key, error: new S3CallFailed(code, 200) }))
  }
  return bucket
}

function clock(): Clock {
  let time = 0
  return {
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds
    },
    random: () => 0.5,
  }
}

describe('trying a bucket at the start', () => {
  it('leaves nothing behind', async () => {
    const bucket = new SimulatedBucket()
    await tryOut(bucket, 1000)
    expect(bucket.leftovers()).toEqual([])
  })

  it('uses no key that another replica uses that starts at the same time', async () => {
    const bucket = new SimulatedBucket()
    await Promise.all([tryOut(bucket, 1000), tryOut(bucket, 1000)])
    const written = bucket.calls.filter((call) => call.startsWith('put '))
    expect(new Set(written).size).toBe(2)
  })

  it('goes on when a removal fails that goes well a little later', async () => {
    const bucket = refusing('UnknownError', 'InternalError')
    await tryOut(bucket, 1000, clock())
    expect(bucket.leftovers()).toEqual([])
  })

  it('ends when that does not pass in time, and at once when keys lack the right', async () => {
    const trouble = refusing(...Array.from({ length: 100 }, () => 'InternalError'))
    await expect(tryOut(trouble, 1000, clock())).rejects.toThrow('InternalError')
    const denied = refusing('AccessDenied')
    await expect(tryOut(denied, 1000, clock())).rejects.toThrow('AccessDenied')
  })

  it('removes what a start left that was killed an hour ago', async () => {
    const bucket = new SimulatedBucket()
    const old = { bytes: Buffer.alloc(0), etag: 'e', modified: new Date(Date.now() - 4_000_000) }
    bucket.objects.set('start-check/old', old)
    bucket.objects.set('start-check/new', { ...old, modified: new Date() })
    await tryOut(bucket, 1000)
    expect(bucket.leftovers()).toEqual(['start-check/new'])
  })
})
