import { describe, expect, it } from 'vitest'
import { NoSpace } from '../../store-errors.ts'
import { OWNER } from './layout.ts'
import {
  CopiedRecords,
  checkOwner,
  claimPrefix,
  ForeignPrefix,
  NoBlobsHere,
  OwnerGone,
  UnownedBlobs,
} from './owner.ts'
import { registryOf, tenureOf } from './registry-fixture.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const EMPTY = { blobs: 'none' } as const
const one = registryOf('one')
const two = registryOf('two')
const old = registryOf('old')
const restored = registryOf('restored')

async function put(bucket: SimulatedBucket, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  await bucket.put(OWNER, { length: bytes.length, open: () => [bytes] })
}

describe('the owner of a prefix', () => {
  it('is the first that claims it, again and again, and nobody else', async () => {
    const bucket = new SimulatedBucket()
    await claimPrefix(bucket, one, EMPTY)
    await claimPrefix(bucket, one, EMPTY)
    await expect(claimPrefix(bucket, two, EMPTY)).rejects.toThrow(ForeignPrefix)
    await checkOwner(bucket, one)
  })

  it('is one of two that claim it at the same moment', async () => {
    const bucket = new SimulatedBucket()
    // The other one writes between this one's look and its own writing.
    let raced = false
    bucket.after = async (call) => {
      if (raced || call !== `put ${OWNER}`) return
      raced = true
      await put(bucket, '{"cluster":"two"}')
    }
    await expect(claimPrefix(bucket, one, EMPTY)).rejects.toThrow(/two/)
  })

  it.each(['', 'not json', '{}', '{"cluster":7}', 'x'.repeat(5000)])(
    'is unknown, and not this one, when the object is %.10j',
    async (text) => {
      const bucket = new SimulatedBucket()
      await put(bucket, text)
      await expect(claimPrefix(bucket, one, EMPTY)).rejects.toThrow(ForeignPrefix)
    },
  )

  it('is nobody who knows no blob, where there are blobs and the owner was lost', async () => {
    const bucket = new SimulatedBucket()
    const hex = 'ab'.repeat(32)
    await bucket.put(`sha256/ab/${hex}.some-upload.7`, { length: 0, open: () => [] })
    await expect(claimPrefix(bucket, one, EMPTY)).rejects.toThrow(UnownedBlobs)
    expect(bucket.objects.has(OWNER)).toBe(false)
    await claimPrefix(bucket, old, { blobs: 'some' })
    await checkOwner(bucket, old)
  })

  it('is nobody whose records speak of blobs, where there are none: the place is another one', async () => {
    const bucket = new SimulatedBucket()
    await bucket.put('sha256/readme.txt', { length: 0, open: () => [] })
    await expect(claimPrefix(bucket, one, { blobs: 'some' })).rejects.toThrow(NoBlobsHere)
    expect(bucket.objects.has(OWNER)).toBe(false)
    // Whoever lost the bytes says so by hand.
    await put(bucket, '{"cluster":"one"}')
    await claimPrefix(bucket, one, { blobs: 'some' })
    await bucket.remove([OWNER])
    await claimPrefix(bucket, one, { blobs: 'any' })
  })

  it('gives way to one that takes over, and hears of it', async () => {
    const bucket = new SimulatedBucket()
    await claimPrefix(bucket, old, EMPTY)
    await claimPrefix(bucket, restored, { blobs: 'any', takeOver: true })
    await checkOwner(bucket, restored)
    await expect(checkOwner(bucket, old)).rejects.toThrow(ForeignPrefix)
  })

  it('of which two have copies of the same records is who used the prefix last, and no older copy', async () => {
    const bucket = new SimulatedBucket()
    const original = registryOf('one')
    await claimPrefix(bucket, original, EMPTY)
    const copy = registryOf('one', [...original.known])
    await claimPrefix(bucket, original, EMPTY)
    await expect(claimPrefix(bucket, copy, EMPTY)).rejects.toThrow(CopiedRecords)
    expect(copy.known).toHaveLength(1)
    await claimPrefix(bucket, original, EMPTY)
    // A copy of the records as they are: both know the last start, until one of them starts again.
    const twin = registryOf('one', [...original.known])
    await claimPrefix(bucket, twin, EMPTY)
    await checkOwner(bucket, twin)
    await expect(checkOwner(bucket, original)).rejects.toThrow(CopiedRecords)
    await expect(claimPrefix(bucket, original, EMPTY)).rejects.toThrow(CopiedRecords)
    // Who knows better removes the object.
    await bucket.remove([OWNER])
    await claimPrefix(bucket, original, { blobs: 'any' })
    await expect(checkOwner(bucket, twin)).rejects.toThrow(CopiedRecords)
  })

  it('is every replica, also those that start at the same time', async () => {
    const bucket = new SimulatedBucket()
    const shared = registryOf('one')
    await Promise.all([1, 2, 3].map(() => claimPrefix(bucket, shared, EMPTY)))
    await checkOwner(bucket, shared)
  })

  it('is taken from what an older program wrote, and stays when there is no room to write it', async () => {
    const bucket = new SimulatedBucket()
    await put(bucket, '{"cluster":"one"}')
    const registry = registryOf('one')
    await claimPrefix(bucket, registry, EMPTY)
    await checkOwner(bucket, registry)
    bucket.before = (call) => {
      if (call.startsWith('put')) throw new NoSpace('full')
    }
    await claimPrefix(bucket, registry, EMPTY)
    await expect(claimPrefix(bucket, two, { blobs: 'any', takeOver: true })).rejects.toThrow(NoSpace)
  })

  it('shares its prefix with objects of other names', async () => {
    const bucket = new SimulatedBucket()
    await bucket.put('sha256/readme.txt', { length: 0, open: () => [] })
    await claimPrefix(bucket, one, EMPTY)
    await checkOwner(bucket, one)
  })

  it('is asked when somebody wants to know whether the store is there', async () => {
    const bucket = new SimulatedBucket()
    await claimPrefix(bucket, one, EMPTY)
    const store = createS3BlobStore({ bucket, tenure: tenureOf(bucket, one), memory: 1_000_000 })
    await store.check()
    await put(bucket, '{"cluster":"two"}')
    await expect(store.check()).rejects.toThrow(ForeignPrefix)
    await bucket.remove([OWNER])
    await expect(store.check()).rejects.toThrow(OwnerGone)
  })

  it('is asked before a listing, which others may sweep by', async () => {
    const bucket = new SimulatedBucket()
    await claimPrefix(bucket, one, EMPTY)
    const store = createS3BlobStore({ bucket, tenure: tenureOf(bucket, one), memory: 1_000_000 })
    const listed = async (): Promise<unknown[]> => {
      const found: unknown[] = []
      for await (const blob of store.list()) found.push(blob)
      return found
    }
    expect(await listed()).toEqual([])
    await put(bucket, '{"cluster":"two"}')
    await expect(listed()).rejects.toThrow(ForeignPrefix)
    await bucket.remove([OWNER])
    await expect(listed()).rejects.toThrow(OwnerGone)
  })
})
