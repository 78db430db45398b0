import { beforeEach, describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { type BlobLocation, UploadGone, type UploadState } from '../blob-store.ts'
import { digestOf, drain, sampleBytes } from '../contract-bench.ts'
import { parseLocation } from './layout.ts'
import { openReader } from './object-reader.ts'
import { PartMemory } from './part-memory.ts'
import { S3Uploads } from './s3-uploads.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const PART = 1000
const BYTES = sampleBytes(3500)
const DIGEST = digestOf(BYTES)

let bucket: SimulatedBucket
let memory: PartMemory
let uploads: S3Uploads

/** Another process on the same bucket. */
function replica(idle = 60_000): S3Uploads {
  memory = new PartMemory(40_000, 100)
  return new S3Uploads({ bucket, plan: { first: PART, run: 100 }, memory, idle })
}

beforeEach(() => {
  bucket = new SimulatedBucket()
  uploads = replica()
})

async function patch(state: UploadState, offset: number, bytes: Uint8Array): Promise<UploadState> {
  const writer = await uploads.append(state, offset, {})
  await writer.write(bytes)
  return writer.close()
}

function callsSince(start: number): string[] {
  return bucket.calls.slice(start).map((call) => call.split(' ')[0] ?? '')
}

async function stored(location: BlobLocation): Promise<Buffer> {
  const reader = await openReader(bucket, parseLocation(location)?.dataKey ?? '')
  if (reader === undefined) throw new Error('nothing stored')
  return drain(reader)
}

describe('an upload that is given up', () => {
  it('takes its side objects along, and nothing of another program', async () => {
    const state = await patch(uploads.create('u'), 0, BYTES.subarray(0, 300))
    const foreign = ['uploads/u/photo.jpg', 'uploads/u/sub/5f1a0c1e-0000-4000-8000-000000000000']
    for (const key of foreign) await bucket.put(key, { length: 1, open: () => [Buffer.from('x')] })
    expect(bucket.objects.size).toBe(3)
    await replica().abort(state)
    expect([...bucket.objects.keys()]).toEqual(foreign)
  })
})

describe('a push', () => {
  it('of parts is completed by another process without moving a byte', async () => {
    const state = await patch(uploads.create('u'), 0, BYTES)
    const start = bucket.calls.length
    const location = await replica().complete(state, BYTES.length, DIGEST)
    expect(callsSince(start)).toEqual(['put', 'finish', 'head', 'remove'])
    expect(await stored(location)).toEqual(BYTES)
  })

  it('of a small blob is completed by another process with a copy inside of S3', async () => {
    const small = BYTES.subarray(0, 300)
    const state = await patch(uploads.create('u'), 0, small)
    const start = bucket.calls.length
    const location = await replica().complete(state, 300, digestOf(small))
    expect(callsSince(start)).toEqual(['copy', 'head', 'remove'])
    expect(await stored(location)).toEqual(small)
  })

  it('of a small blob in one request is one object, one call that writes it and one that looks at it', async () => {
    const writer = await uploads.append(uploads.create('u'), 0, { expected: 300 })
    await writer.write(BYTES.subarray(0, 300))
    const state = await writer.close({ completing: true })
    const location = await uploads.complete(state, 300, digestOf(BYTES.subarray(0, 300)))
    expect(callsSince(0)).toEqual(['put', 'head'])
    expect([...bucket.objects.keys()]).toEqual([location])
    expect(memory.claimedBytes).toBe(0)
  })

  it.each([
    [0, 1],
    [PART - 1, 1],
    [PART, 2],
  ])('of %d bytes is %d object(s), however they came', async (length, objects) => {
    const bytes = BYTES.subarray(0, length)
    const [once, twice] = [uploads.create('once'), uploads.create('twice')]
    const half = Math.floor(length / 2)
    const first = await patch(twice, 0, bytes.subarray(0, half))
    for (const state of [await patch(once, 0, bytes), await patch(first, half, bytes.subarray(half))]) {
      const location = await uploads.complete(state, length, digestOf(bytes))
      expect(await stored(location)).toEqual(bytes)
      await uploads.abort(state)
    }
    expect(bucket.leftovers()).toHaveLength(2 * objects)
  })

  it('that began again after its first parts is one object when it stays small', async () => {
    const small = BYTES.subarray(0, 300)
    const state = await patch(await patch(uploads.create('u'), 0, BYTES), 0, small)
    expect(bucket.multiparts.size).toBe(1)
    const location = await uploads.complete(state, 300, digestOf(small))
    expect(await stored(location)).toEqual(small)
    expect(bucket.multiparts.size).toBe(0)
    await uploads.abort(state)
    expect(bucket.leftovers()).toEqual([location])
  })

  it('goes on in another process after each request', async () => {
    let state = uploads.create('u')
    for (let at = 0; at < BYTES.length; at += 700) {
      uploads = replica()
      state = await patch(state, at, BYTES.subarray(at, at + 700))
    }
    const location = await replica().complete(state, BYTES.length, DIGEST)
    expect(await stored(location)).toEqual(BYTES)
    // Side objects that became parts meanwhile go when the session's record does.
    await uploads.abort(state)
    expect([...bucket.objects.keys()].filter((key) => key.startsWith('uploads/'))).toEqual([])
  })

  it('is recorded once, when it has begun something that must be ended', async () => {
    const recorded: UploadState[] = []
    const writer = await uploads.append(uploads.create('u'), 0, {
      record: async (state) => {
        expect(bucket.calls.some((call) => call.startsWith('part'))).toBe(false)
        recorded.push(state)
      },
    })
    await writer.write(BYTES)
    await writer.close()
    expect(recorded).toHaveLength(1)
    // The process dies here: the recorded state is enough to leave nothing.
    await replica().abort(recorded[0] ?? {})
    expect(bucket.leftovers()).toEqual([])
  })

  it('goes on from what is recorded when later bytes of it, which took the place of its last part, do not count', async () => {
    let state = await patch(uploads.create('u'), 0, BYTES.subarray(0, 2500))
    const record = async (recorded: UploadState): Promise<void> => {
      state = recorded
    }
    const writer = await uploads.append(state, 2500, { record })
    await writer.write(BYTES.subarray(0, 1000))
    await writer.close()
    const location = await replica().complete(state, 2500, digestOf(BYTES.subarray(0, 2500)))
    expect(await stored(location)).toEqual(BYTES.subarray(0, 2500))
  })

  it('that ended meanwhile leaves nothing behind', async () => {
    const over = new Error('the session is over')
    const writer = await uploads.append(uploads.create('u'), 0, { record: () => Promise.reject(over) })
    await writer.write(BYTES).catch(() => undefined)
    await expect(writer.close()).rejects.toBe(over)
    expect(bucket.leftovers()).toEqual([])
    expect(memory.claimedBytes).toBe(0)
  })
})

describe('memory', () => {
  it('goes back when a client pauses, and the bytes are not lost', async () => {
    uploads = replica(20)
    const writer = await uploads.append(uploads.create('u'), 0, {})
    await writer.write(BYTES.subarray(0, 300))
    await expect.poll(() => memory.claimedBytes, { timeout: 5000 }).toBe(0)
    await writer.write(BYTES.subarray(300))
    const state = await writer.close()
    const location = await uploads.complete(state, BYTES.length, DIGEST)
    expect(await stored(location)).toEqual(BYTES)
  })

  it('is waited for by who gets none, and all come through', async () => {
    memory = new PartMemory(2000, 100)
    uploads = new S3Uploads({ bucket, plan: { first: 500, run: 100 }, memory, idle: 60_000 })
    const push = async (id: string): Promise<void> => {
      const state = await patch(uploads.create(id), 0, BYTES)
      const location = await uploads.complete(state, BYTES.length, DIGEST)
      expect(await stored(location)).toEqual(BYTES)
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => push(`u${index}`)))
    expect(memory.claimedBytes).toBe(0)
  })

  it('that is held for a complete which never comes goes back too', async () => {
    uploads = replica(20)
    const writer = await uploads.append(uploads.create('u'), 0, {})
    await writer.write(BYTES.subarray(0, 300))
    const state = await writer.close({ completing: true })
    expect(memory.claimedBytes).toBeGreaterThan(0)
    await expect.poll(() => memory.claimedBytes, { timeout: 5000 }).toBe(0)
    await expect(uploads.complete(state, 300, DIGEST)).rejects.toThrow('have to be sent again')
  })

  it('above a quarter of itself is put together from side objects', async () => {
    memory = new PartMemory(400, 100)
    uploads = new S3Uploads({ bucket, plan: { first: PART, run: 100 }, memory, idle: 60_000 })
    const state = await patch(uploads.create('u'), 0, BYTES)
    const location = await uploads.complete(state, BYTES.length, DIGEST)
    expect(await stored(location)).toEqual(BYTES)
    await uploads.abort(state)
    expect([...bucket.objects.keys()].filter((key) => key.startsWith('uploads/'))).toEqual([])
  })
})

describe('a fault', () => {
  const down = new StoreUnavailable('S3 did not answer')

  it.each(['put', 'begin', 'part'])(
    'in a call to %s fails the append; the recorded state goes on',
    async (kind) => {
      const before = await patch(uploads.create('u'), 0, BYTES.subarray(0, 300))
      bucket.before = (call) => {
        if (call.startsWith(kind)) throw down
      }
      await expect(patch(before, 300, BYTES.subarray(300))).rejects.toBe(down)
      expect(memory.claimedBytes).toBe(0)
      bucket.before = undefined
      const state = await patch(before, 300, BYTES.subarray(300))
      const location = await uploads.complete(state, BYTES.length, DIGEST)
      expect(await stored(location)).toEqual(BYTES)
      await uploads.abort(state)
      expect(bucket.multiparts.size).toBe(0)
    },
  )

  it.each([
    ['put sha256', 3500, 2],
    ['finish', 3500, 2],
    ['remove', 3500, 2],
    ['copy', 300, 1],
    ['remove', 300, 1],
  ])(
    'in %s, or a lost answer to it, is mended by completing again (%d bytes)',
    async (kind, length, objects) => {
      const bytes = BYTES.subarray(0, length)
      const digest = digestOf(bytes)
      for (const moment of ['before', 'after'] as const) {
        const state = await patch(uploads.create(`u-${moment}`), 0, bytes)
        bucket[moment] = (call) => {
          if (call.startsWith(kind)) throw down
        }
        await expect(uploads.complete(state, length, digest)).rejects.toBe(down)
        bucket[moment] = undefined
        const location = await replica().complete(state, length, digest)
        expect(await uploads.complete(state, length, digest)).toBe(location)
        expect(await stored(location)).toEqual(bytes)
        await uploads.abort(state)
      }
      expect(bucket.leftovers()).toHaveLength(2 * objects)
    },
  )

  it('a lost answer to the only call of a small blob is mended; a call that failed has lost the bytes', async () => {
    const small = BYTES.subarray(0, 300)
    const digest = digestOf(small)
    for (const moment of ['before', 'after'] as const) {
      const writer = await uploads.append(uploads.create(`u-${moment}`), 0, {})
      await writer.write(small)
      const state = await writer.close({ completing: true })
      bucket[moment] = () => {
        throw down
      }
      await expect(uploads.complete(state, 300, digest)).rejects.toBe(down)
      bucket[moment] = undefined
      const again = uploads.complete(state, 300, digest)
      if (moment === 'before') await expect(again).rejects.toThrow('have to be sent again')
      else expect(await stored(await again)).toEqual(small)
    }
    expect(bucket.leftovers()).toHaveLength(1)
  })

  it.each([
    ['put sha256', 300, true],
    ['copy', 300, false],
    ['finish', 3500, false],
  ])(
    'an S3 that says yes to %s and keeps nothing, or less, is not believed (%d bytes)',
    async (kind, length, completing) => {
      const bytes = BYTES.subarray(0, length)
      for (const kept of [undefined, Buffer.from('less')]) {
        const id = `u-${kept?.length ?? 0}`
        const lie = (key: string): void => {
          if (kept === undefined) bucket.objects.delete(key)
          else bucket.objects.set(key, { bytes: kept, etag: 'e', modified: new Date() })
        }
        bucket.after = (call) => {
          if (!call.startsWith(kind)) return
          for (const key of bucket.objects.keys())
            if (key === `data/${id}` || (key.startsWith('sha256/') && key.endsWith('.blob'))) lie(key)
        }
        const writer = await uploads.append(uploads.create(id), 0, {})
        await writer.write(bytes)
        const state = await writer.close({ completing })
        const completed = uploads.complete(state, length, digestOf(bytes))
        await expect(completed).rejects.toThrow(StoreUnavailable)
        await expect(completed).rejects.toThrow(
          `is stored, and ${kept === undefined ? 'nothing is there' : '4 bytes are there'} instead of ${length}`,
        )
        expect(memory.claimedBytes).toBe(0)
        bucket.after = undefined
        await uploads.abort(state)
        for (const key of bucket.objects.keys()) if (key.endsWith('.blob')) bucket.objects.delete(key)
      }
    },
  )

  it('a small blob that is completed is not written over by a complete that says something else', async () => {
    const small = BYTES.subarray(0, 300)
    const state = await patch(uploads.create('u'), 0, small)
    const location = await uploads.complete(state, 300, digestOf(small))
    const shorter = BYTES.subarray(0, 299)
    await expect(uploads.complete(state, 299, digestOf(shorter))).rejects.toThrow(UploadGone)
    await expect(uploads.complete(state, 300, DIGEST)).rejects.toThrow(UploadGone)
    expect(await stored(location)).toEqual(small)
    expect(bucket.leftovers()).toEqual([location])
  })

  it('a part that an old process sent late is noticed, and never completed', async () => {
    const state = await patch(uploads.create('u'), 0, BYTES)
    const [[uploadId] = ['']] = bucket.multiparts
    await bucket.part({ key: 'data/u', uploadId }, 2, { length: 3, open: () => [Buffer.from('old')] })
    await expect(uploads.complete(state, BYTES.length, DIGEST)).rejects.toThrow(UploadGone)
    expect([...bucket.objects.keys()].filter((key) => key.startsWith('data/'))).toEqual([])
  })

  it('a process that died before it recorded anything is cleaned up after', async () => {
    const state = uploads.create('u')
    await patch(state, 0, BYTES)
    await replica().abort(state)
    expect(bucket.leftovers()).toEqual([])
  })
})
