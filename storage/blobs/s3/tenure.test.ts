import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../blob-store.ts'
import { digestOf, sampleBytes } from '../contract-bench.ts'
import { OWNER } from './layout.ts'
import { CopiedRecords, claimPrefix, ForeignPrefix, OwnerGone, type Registry } from './owner.ts'
import { registryOf } from './registry-fixture.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'
import { Tenure } from './tenure.ts'

const SETTLE = 6000

let bucket: SimulatedBucket
let time: number
let said: string[]

beforeEach(() => {
  bucket = new SimulatedBucket()
  time = 0
  said = []
})

async function start(registry: Registry): Promise<Tenure> {
  await claimPrefix(bucket, registry, { blobs: 'any' })
  return new Tenure({
    bucket,
    registry,
    settle: SETTLE,
    notice: (sentence) => said.push(sentence),
    now: () => time,
  })
}

/** A second passes at a time, as often as it says, and each of these looks. */
async function pass(seconds: number, ...looking: Tenure[]): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    time += 1000
    for (const tenure of looking) await tenure.check().catch(() => undefined)
  }
}

/** An original that has been there for long, and a copy of its records that starts beside it. */
async function withNewcomer(): Promise<{ original: Tenure; newcomer: Tenure }> {
  const registry = registryOf('one')
  const original = await start(registry)
  await pass(10, original)
  return { original, newcomer: await start(registryOf('one', [...registry.known])) }
}

async function push(store: BlobStore): Promise<string> {
  const bytes = sampleBytes(10)
  const writer = await store.append(await store.create('u'), 0)
  await writer.write(bytes)
  return store.complete(await writer.close({ completing: true }), 10, digestOf(bytes))
}

describe('a hold on a prefix', () => {
  it('lets nothing be removed before others would have shown', async () => {
    const tenure = await start(registryOf('one'))
    await pass(5, tenure)
    expect(await tenure.mayRemove()).toBe(false)
    await pass(1)
    expect(await tenure.mayRemove()).toBe(true)
    await pass(40)
    expect(await tenure.mayRemove()).toBe(true)
  })

  it('stays with who has it, and a copy of its records takes no blob and removes none', async () => {
    const { original, newcomer } = await withNewcomer()
    const store = createS3BlobStore({ bucket, tenure: newcomer, memory: 1_000_000 })
    await pass(1, original)
    expect(said).toEqual([expect.stringContaining('this one keeps it')])
    await expect(store.check()).rejects.toThrow(CopiedRecords)
    expect(said[1]).toContain('no blob is taken any more')
    await expect(push(store)).rejects.toThrow(CopiedRecords)
    await expect(store.removeMany([])).rejects.toThrow(CopiedRecords)
    await pass(20, original, newcomer)
    expect(await original.mayRemove()).toBe(true)
    await expect(store.mayRemove?.()).rejects.toThrow(CopiedRecords)
    expect(said).toHaveLength(2)
  })

  it('passes to a copy when the original is silent, which gives way when it comes back', async () => {
    const { original, newcomer } = await withNewcomer()
    await pass(6, newcomer)
    expect(await newcomer.mayRemove()).toBe(true)
    await expect(original.mayRemove()).rejects.toThrow(CopiedRecords)
    await pass(1, original)
    expect(await newcomer.mayRemove()).toBe(true)
    expect(() => original.requireHeld()).toThrow(CopiedRecords)
  })

  it('is that of all replicas, which share their records', async () => {
    const registry = registryOf('one')
    const replicas = [await start(registry), await start(registry)]
    await pass(10, ...replicas)
    replicas.push(await start(registry))
    await pass(10, ...replicas)
    for (const replica of replicas) expect(await replica.mayRemove()).toBe(true)
    expect(said).toEqual([])
  })

  it('ends when a restored registry takes over; when only the object is gone, nothing is removed', async () => {
    const lost = await start(registryOf('lost'))
    await pass(10, lost)
    await claimPrefix(bucket, registryOf('restored'), { blobs: 'any', takeOver: true })
    await expect(lost.check()).rejects.toThrow(ForeignPrefix)
    expect(() => lost.requireHeld()).toThrow(ForeignPrefix)
    const registry = registryOf('restored')
    await bucket.remove([OWNER])
    const tenure = await start(registry)
    await pass(10, tenure)
    await bucket.remove([OWNER])
    await expect(tenure.mayRemove()).rejects.toThrow(OwnerGone)
    tenure.requireHeld()
  })
})
