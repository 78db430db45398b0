import { describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { type BlobLocation, blobLocation } from '../blob-store.ts'
import { digestOf, sampleBytes } from '../contract-bench.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

async function filled(count: number) {
  const bucket = new SimulatedBucket()
  const store = createS3BlobStore({ bucket, cluster: 'one', memory: 1_000_000 })
  const locations: BlobLocation[] = []
  for (let index = 0; index < count; index++) {
    const bytes = sampleBytes(10, index + 1)
    const writer = await store.append(await store.create(`u${index}`), 0)
    await writer.write(bytes)
    locations.push(await store.complete(await writer.close({ completing: true }), 10, digestOf(bytes)))
  }
  bucket.calls.length = 0
  return { bucket, store, locations }
}

describe('removing many blobs', () => {
  it('takes two calls for a thousand: bytes first, then what says that they are there', async () => {
    const { bucket, store, locations } = await filled(1200)
    expect(await store.removeMany(locations)).toEqual([])
    expect(bucket.objects.size).toBe(0)
    const kinds = bucket.calls.map((call) => /^remove (?<kind>\w+)\//.exec(call)?.groups?.['kind'])
    expect(kinds).toEqual(['data', 'data', 'sha256', 'sha256'])
  })

  it('keeps the marker of bytes that could not be removed, so that they are found again', async () => {
    const { bucket, store, locations } = await filled(3)
    const stuck = bucket.remove.bind(bucket)
    bucket.remove = async (keys) => {
      const failing = keys.filter((key) => key.endsWith('/u1'))
      await stuck(keys.filter((key) => !failing.includes(key)))
      return failing.map((key) => ({ key, error: new Error('AccessDenied') }))
    }
    const failed = await store.removeMany(locations)
    expect(failed.map(({ location }) => location)).toEqual([locations[1]])
    expect([...bucket.objects.keys()].toSorted()).toEqual(['data/u1', String(locations[1])])
  })

  it('names all of them when the call fails', async () => {
    const { bucket, store, locations } = await filled(2)
    const down = new StoreUnavailable('S3 did not remove objects')
    bucket.before = () => {
      throw down
    }
    const failed = await store.removeMany([...locations, blobLocation('nobody')])
    expect(failed).toEqual(locations.map((location) => ({ location, error: down })))
    await expect(store.remove(locations[0] ?? blobLocation(''))).rejects.toBe(down)
  })
})
