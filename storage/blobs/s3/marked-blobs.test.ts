import { beforeEach, describe, expect, it } from 'vitest'
import { type BlobLocation, type BlobStore, blobLocation } from '../blob-store.ts'
import { digestOf, drain, sampleBytes } from '../contract-bench.ts'
import { claimPrefix } from './owner.ts'
import { registryOf, tenureOf } from './registry-fixture.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const BYTES = sampleBytes(300)
const DIGEST = digestOf(BYTES)
const HEX = DIGEST.slice('sha256:'.length)
/** As a bucket holds a small blob that was pushed before docs/decisions/073. */
const DATA = 'data/0b51-old'
const MARKED = blobLocation(`sha256/${HEX.slice(0, 2)}/${HEX}.0b51-old.300`)

let bucket: SimulatedBucket
let store: BlobStore

beforeEach(async () => {
  bucket = new SimulatedBucket()
  const registry = registryOf('one')
  await claimPrefix(bucket, registry, { blobs: 'none' })
  await bucket.put(MARKED, { length: 0, open: () => [] })
  await bucket.put(DATA, { length: 300, open: () => [BYTES] })
  store = createS3BlobStore({ bucket, tenure: tenureOf(bucket, registry), memory: 1_000_000 })
})

async function pushed(id: string): Promise<BlobLocation> {
  const writer = await store.append(await store.create(id), 0)
  await writer.write(BYTES)
  return store.complete(await writer.close({ completing: true }), 300, DIGEST)
}

describe('a small blob with a marker', () => {
  it('is read, in ranges too, and has its size and its URL', async () => {
    const span = { start: 7, end: 9 }
    const reader = await store.read(MARKED)
    expect(reader && (await drain(reader))).toEqual(BYTES)
    const ranges = await store.readMany(MARKED, [span])
    const pieces: Buffer[] = []
    await ranges?.pump((chunk) => void pieces.push(Buffer.from(chunk)))
    expect(Buffer.concat(pieces)).toEqual(BYTES.subarray(7, 10))
    expect(await store.size(MARKED)).toBe(300)
    expect(await store.presign(MARKED, 60)).toContain(DATA)
  })

  it('is listed and removed beside one of the same bytes without a marker', async () => {
    const single = await pushed('new')
    const listed = new Map<string, unknown>()
    for await (const { location, modified: _, ...said } of store.list()) listed.set(location, said)
    const said = { size: 300, digest: DIGEST }
    expect(listed).toEqual(
      new Map([
        [MARKED, { ...said, upload: '0b51-old' }],
        [single, { ...said, upload: 'new' }],
      ]),
    )
    await store.remove(MARKED)
    const left = await store.read(single)
    expect(left && (await drain(left))).toEqual(BYTES)
    expect([...bucket.objects.keys()].toSorted()).toEqual(['owner.json', single])
  })
})
