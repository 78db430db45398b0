import { expect } from 'vitest'
import { blobLocation, type ListedUpload, UploadGone } from './blob-store.ts'
import { type Bench, type BlobStoreCase, digestOf, sampleBytes } from './contract-bench.ts'

const BYTES = sampleBytes(100_000, 5)
const DIGEST = digestOf(BYTES)
const FOREIGN = ['', '.', '..', '/etc/passwd', 'blobs/sha256/../../../etc/passwd', `blobs/${DIGEST}`, 'x\0y']

/** complete, size, remove, removeMany, list, freeBytes. */
export const finishedCases: readonly BlobStoreCase[] = [
  {
    name: 'complete twice gives the same location, also after opening again',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      const location = await bench.complete(state, BYTES.length, DIGEST)
      expect(await bench.complete(state, BYTES.length, DIGEST)).toBe(location)
      await bench.reopen()
      expect(await bench.complete(state, BYTES.length, DIGEST)).toBe(location)
      expect(await bench.get(location)).toEqual(BYTES)
      expect((await bench.listed()).size).toBe(1)
    },
  },
  {
    name: 'complete cuts off what lies beyond its length',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      const start = BYTES.subarray(0, 777)
      const location = await bench.complete(state, 777, digestOf(start))
      expect(await bench.get(location)).toEqual(start)
      expect(await bench.store.size(location)).toBe(777)
    },
  },
  {
    name: 'complete with fewer bytes than its length rejects with UploadGone',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      await expect(bench.store.complete(state, BYTES.length + 1, DIGEST)).rejects.toThrow(UploadGone)
      expect((await bench.listed()).size).toBe(0)
    },
  },
  {
    name: 'complete again with another length rejects with UploadGone',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      const location = await bench.complete(state, BYTES.length, DIGEST)
      await expect(bench.store.complete(state, BYTES.length - 1, DIGEST)).rejects.toThrow(UploadGone)
      expect(await bench.get(location)).toEqual(BYTES)
    },
  },
  {
    name: 'abort after complete leaves the blob',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      const location = await bench.complete(state, BYTES.length, DIGEST)
      await bench.store.abort(state)
      expect(await bench.get(location)).toEqual(BYTES)
    },
  },
  {
    name: 'the same bytes twice have two locations, and removing one leaves the other',
    async run(bench) {
      const first = await bench.put(BYTES)
      const second = await bench.put(BYTES)
      expect(second).not.toBe(first)
      await bench.store.remove(first)
      expect(await bench.store.read(first)).toBeUndefined()
      expect(await bench.get(second)).toEqual(BYTES)
    },
  },
  {
    name: 'uploads of the same bytes at the same time do not meet',
    async run(bench) {
      const locations = await Promise.all(Array.from({ length: 8 }, () => bench.put(BYTES)))
      expect(new Set(locations).size).toBe(8)
      for (const location of locations) expect(await bench.get(location)).toEqual(BYTES)
    },
  },
  {
    name: 'a blob of no bytes',
    async run(bench) {
      const nothing = Buffer.alloc(0)
      const location = await bench.complete(await bench.begin(), 0, digestOf(nothing))
      expect(await bench.store.size(location)).toBe(0)
      expect(await bench.get(location)).toEqual(nothing)
      expect(await bench.listed()).toEqual(new Map([[location, 0]]))
    },
  },
  {
    name: 'a blob known by its sha512',
    async run(bench) {
      const location = await bench.put(BYTES, 'sha512')
      await bench.reopen()
      expect(await bench.get(location)).toEqual(BYTES)
      expect(await bench.listed()).toEqual(new Map([[location, BYTES.length]]))
    },
  },
  {
    name: 'nothing at a location is undefined, and removing it is not an error',
    async run(bench) {
      const location = await bench.put(BYTES)
      for (let time = 0; time < 3; time++) await bench.store.remove(location)
      expect(await bench.store.size(location)).toBeUndefined()
      expect(await bench.store.read(location)).toBeUndefined()
      expect(await bench.store.read(location, { start: 0, end: 0 })).toBeUndefined()
      expect((await bench.listed()).size).toBe(0)
    },
  },
  {
    name: 'many locations are removed at once, those of nobody and of nothing among them',
    async run(bench) {
      const kept = await bench.put(sampleBytes(50, 1))
      const removed = [await bench.put(BYTES), await bench.put(sampleBytes(50, 2))]
      const gone = await bench.put(sampleBytes(50, 3))
      await bench.store.remove(gone)
      const all = [...FOREIGN.map(blobLocation), ...removed, gone]
      expect(await bench.store.removeMany(all)).toEqual([])
      expect(await bench.store.removeMany([])).toEqual([])
      for (const location of removed) expect(await bench.store.read(location)).toBeUndefined()
      expect(await bench.listed()).toEqual(new Map([[kept, 50]]))
    },
  },
  {
    name: 'a location that no driver made is a location with nothing there',
    async run(bench) {
      for (const location of FOREIGN.map(blobLocation)) {
        expect(await bench.store.read(location)).toBeUndefined()
        expect(await bench.store.size(location)).toBeUndefined()
        await bench.store.remove(location)
      }
    },
  },
  {
    name: 'list gives finished blobs only, with sizes and times',
    async run(bench) {
      await bench.write(await bench.begin(), 0, BYTES)
      const sizes = new Map([[await bench.put(BYTES), BYTES.length]])
      for (let length = 1; length <= 20; length++) {
        sizes.set(await bench.put(sampleBytes(length, length)), length)
      }
      expect(await bench.listed()).toEqual(sizes)
      for await (const { modified } of bench.store.list()) {
        expect(Math.abs(Date.now() - modified.getTime())).toBeLessThan(3_600_000)
      }
    },
  },
  {
    name: 'list tells digest and upload of each blob, from its location alone',
    async run(bench) {
      const digests = new Map<string, string>()
      for (const algorithm of ['sha256', 'sha512'] as const)
        digests.set(await bench.put(BYTES, algorithm), digestOf(BYTES, algorithm))
      const seen = new Set<string>()
      for await (const { location, digest, upload } of bench.store.list()) {
        expect(digest).toBe(digests.get(location))
        expect(upload).toMatch(/^upload-\d+$/)
        seen.add(upload)
      }
      expect(seen.size).toBe(2)
    },
  },
  {
    name: 'uploads gives those under way, until they are aborted by what it says of them',
    needs: 'listsUploads',
    async run(bench) {
      await bench.put(BYTES)
      const state = await bench.write(await bench.begin(), 0, BYTES)
      await bench.store.abort(await bench.begin())
      const open = await openUploads(bench)
      expect(open).toHaveLength(1)
      for (const upload of open) await bench.store.abort(upload.state)
      await expect(bench.store.readUpload(state, 1)).rejects.toThrow(UploadGone)
      expect(await openUploads(bench)).toEqual([])
    },
  },
  {
    name: 'a listing may be left early, and blobs may be removed during one',
    async run(bench) {
      for (let seed = 1; seed <= 10; seed++) await bench.put(sampleBytes(50, seed))
      for await (const { location } of bench.store.list()) {
        await bench.store.remove(location)
        break
      }
      for await (const { location } of bench.store.list()) await bench.store.remove(location)
      expect((await bench.listed()).size).toBe(0)
    },
  },
  {
    name: 'free bytes are a positive number',
    needs: 'freeBytes',
    async run(bench) {
      expect(await bench.store.freeBytes()).toBeGreaterThan(0)
    },
  },
]

async function openUploads(bench: Bench): Promise<ListedUpload[]> {
  const found: ListedUpload[] = []
  for await (const upload of bench.store.uploads()) found.push(upload)
  return found
}
