import { describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { type BlobLocation, type BlobStore, blobLocation } from '../blob-store.ts'
import { digestOf, sampleBytes } from '../contract-bench.ts'
import { tenureOf } from './registry-fixture.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const PART = 10

/** A store with so many blobs below the size of a part, and so many above it. */
async function filled({ small = 0, large = 0 }: { small?: number; large?: number }) {
  const bucket = new SimulatedBucket()
  const plan = { first: PART, run: 100 }
  const store = createS3BlobStore({ bucket, tenure: tenureOf(bucket), memory: 1_000_000, plan })
  const locations: BlobLocation[] = []
  for (let at = 0; at < small; at++) locations.push(await push(store, `small${at}`, PART - 1))
  for (let at = 0; at < large; at++) locations.push(await push(store, `large${at}`, PART + 1))
  bucket.calls.length = 0
  return { bucket, store, locations }
}

async function push(store: BlobStore, id: string, size: number): Promise<BlobLocation> {
  const bytes = sampleBytes(size)
  const writer = await store.append(await store.create(id), 0)
  await writer.write(bytes)
  return store.complete(await writer.close({ completing: true }), size, digestOf(bytes))
}

/** Refuses to remove such keys. */
function refuse(bucket: SimulatedBucket, refused: RegExp): void {
  const remove = bucket.remove.bind(bucket)
  bucket.remove = async (keys) => {
    const failing = keys.filter((key) => refused.test(key))
    await remove(keys.filter((key) => !failing.includes(key)))
    return failing.map((key) => ({ key, error: new Error('AccessDenied') }))
  }
}

function keysOfCalls({ calls }: SimulatedBucket): string[][] {
  return calls.map((call) => call.split(' ').slice(1))
}

describe('removing many blobs', () => {
  it('takes one call for a thousand small ones', async () => {
    const { bucket, store, locations } = await filled({ small: 1200 })
    expect(await store.removeMany(locations)).toEqual([])
    expect(bucket.objects.size).toBe(0)
    expect(keysOfCalls(bucket).map((keys) => keys.length)).toEqual([1000, 200])
  })

  it('takes two calls for a thousand of all sizes: bytes first, then what says that they are there', async () => {
    const { bucket, store, locations } = await filled({ small: 400, large: 600 })
    expect(await store.removeMany(locations)).toEqual([])
    expect(bucket.objects.size).toBe(0)
    const [bytes = [], markers = []] = keysOfCalls(bucket)
    expect(bytes).toHaveLength(1000)
    expect(markers).toEqual(locations.slice(400))
    expect(bucket.calls).toHaveLength(2)
  })

  it('keeps the marker of bytes that could not be removed, so that they are found again', async () => {
    const { bucket, store, locations } = await filled({ large: 3 })
    refuse(bucket, /^data\/large1$/)
    const failed = await store.removeMany(locations)
    expect(failed.map(({ location }) => location)).toEqual([locations[1]])
    expect([...bucket.objects.keys()].toSorted()).toEqual(['data/large1', String(locations[1])])
  })

  it('names those that stay, of whichever kind, and takes the others', async () => {
    const { bucket, store, locations } = await filled({ small: 2, large: 2 })
    refuse(bucket, /small1|large1/)
    const failed = await store.removeMany(locations)
    expect(new Set(failed.map(({ location }) => location))).toEqual(new Set([locations[1], locations[3]]))
    expect(bucket.objects.size).toBe(3)
  })

  it('names all of them when the call fails', async () => {
    const { bucket, store, locations } = await filled({ small: 1, large: 1 })
    const down = new StoreUnavailable('S3 did not remove objects')
    bucket.before = () => {
      throw down
    }
    const failed = await store.removeMany([...locations, blobLocation('nobody')])
    expect(failed).toEqual(locations.map((location) => ({ location, error: down })))
    await expect(store.remove(locations[0] ?? blobLocation(''))).rejects.toBe(down)
  })
})
