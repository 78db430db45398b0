import { expect } from 'vitest'
import { UploadGone, type UploadState } from './blob-store.ts'
import { type Bench, type BlobStoreCase, digestOf, drain, sampleBytes } from './contract-bench.ts'

const BYTES = sampleBytes(300_000)
const DIGEST = digestOf(BYTES)

/** Puts the state through text, as the upload's record does. */
function recorded(state: UploadState): UploadState {
  const copy: unknown = JSON.parse(JSON.stringify(state))
  expect(copy).toEqual(state)
  return state
}

async function prefix(bench: Bench, state: UploadState, length: number): Promise<Buffer> {
  return drain(await bench.store.readUpload(state, length))
}

/** create, append, readUpload, abort. */
export const uploadCases: readonly BlobStoreCase[] = [
  {
    name: 'an upload grows by appends at their offsets',
    async run(bench) {
      let state = await bench.begin()
      for (const [from, to] of [
        [0, 1],
        [1, 70_000],
        [70_000, 70_000],
        [70_000, 300_000],
      ] as const) {
        state = recorded(await bench.write(state, from, BYTES.subarray(from, to)))
      }
      expect(await bench.get(await bench.complete(state, BYTES.length, DIGEST))).toEqual(BYTES)
    },
  },
  {
    name: 'an append cuts off what lies beyond its offset',
    async run(bench) {
      const first = await bench.write(await bench.begin(), 0, BYTES.subarray(0, 1000))
      await bench.write(first, 1000, sampleBytes(200_000, 2))
      const second = await bench.write(first, 1000, BYTES.subarray(1000, 1500))
      await expect(bench.store.readUpload(second, 1501)).rejects.toThrow(UploadGone)
      expect(await prefix(bench, second, 1500)).toEqual(BYTES.subarray(0, 1500))
    },
  },
  {
    name: 'an append at 0 starts the upload again',
    async run(bench) {
      const begun = await bench.begin()
      await bench.write(begun, 0, sampleBytes(500, 3))
      const state = await bench.write(begun, 0, BYTES)
      expect(await bench.get(await bench.complete(state, BYTES.length, DIGEST))).toEqual(BYTES)
    },
  },
  {
    name: 'an upload goes on after the store was opened again',
    async run(bench) {
      let state = await bench.write(await bench.begin(), 0, BYTES.subarray(0, 100_000))
      await bench.reopen()
      expect(await prefix(bench, state, 100_000)).toEqual(BYTES.subarray(0, 100_000))
      state = await bench.write(state, 100_000, BYTES.subarray(100_000))
      await bench.reopen()
      expect(await bench.get(await bench.complete(state, BYTES.length, DIGEST))).toEqual(BYTES)
    },
  },
  {
    name: 'an append beyond the bytes that are there rejects with UploadGone',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES.subarray(0, 10))
      await expect(bench.store.append(state, 11)).rejects.toThrow(UploadGone)
      expect(await prefix(bench, state, 10)).toEqual(BYTES.subarray(0, 10))
    },
  },
  {
    name: 'an aborted upload is gone for every method',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      await bench.store.abort(state)
      await expect(bench.store.append(state, BYTES.length)).rejects.toThrow(UploadGone)
      await expect(bench.store.readUpload(state, 1)).rejects.toThrow(UploadGone)
      await expect(bench.store.complete(state, BYTES.length, DIGEST)).rejects.toThrow(UploadGone)
    },
  },
  {
    name: 'abort can be repeated, and leaves other uploads alone',
    async run(bench) {
      const kept = await bench.write(await bench.begin(), 0, BYTES)
      const dropped = await bench.write(await bench.begin(), 0, BYTES)
      for (let time = 0; time < 3; time++) await bench.store.abort(dropped)
      expect(await prefix(bench, kept, BYTES.length)).toEqual(BYTES)
    },
  },
  {
    name: 'a state that no driver wrote is gone, and aborting it does nothing',
    async run(bench) {
      for (const state of [{}, { id: '../../etc/passwd', session: 'x' }, { id: 7 }]) {
        await expect(bench.store.append(state, 0)).rejects.toThrow(UploadGone)
        await bench.store.abort(state)
      }
    },
  },
  {
    name: 'readUpload gives exactly the prefix that was asked',
    async run(bench) {
      const state = await bench.write(await bench.begin(), 0, BYTES)
      for (const length of [0, 1, 65_536, 299_999, 300_000]) {
        const reader = await bench.store.readUpload(state, length)
        expect(reader.size).toBe(length)
        expect(await drain(reader)).toEqual(BYTES.subarray(0, length))
      }
      await expect(bench.store.readUpload(state, 300_001)).rejects.toThrow(UploadGone)
    },
  },
  {
    name: 'a written chunk may be overwritten once the write resolved',
    async run(bench) {
      const writer = await bench.store.append(await bench.begin(), 0)
      const chunk = Buffer.alloc(1000)
      for (let at = 0; at < BYTES.length; at += 1000) {
        BYTES.copy(chunk, 0, at, at + 1000)
        await writer.write(chunk)
        chunk.fill(0xee)
      }
      const location = await bench.complete(await writer.close(), BYTES.length, DIGEST)
      expect(await bench.get(location)).toEqual(BYTES)
    },
  },
  {
    name: 'a writer takes empty chunks, closes twice alike, and refuses writes after that',
    async run(bench) {
      const writer = await bench.store.append(await bench.begin(), 0)
      await writer.write(new Uint8Array())
      await writer.write(BYTES)
      const state = await writer.close()
      expect(await writer.close()).toEqual(state)
      await expect(writer.write(BYTES)).rejects.toThrow(TypeError)
      expect(await bench.get(await bench.complete(state, BYTES.length, DIGEST))).toEqual(BYTES)
    },
  },
  {
    name: 'an id is used once',
    async run(bench) {
      const state = await bench.begin()
      await expect(bench.store.create('upload-1')).rejects.toThrow()
      await bench.store.abort(state)
    },
  },
]
