import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import { type PackedLayer, readSpans, readUnpacked } from './read-file.ts'

const MB = 1024 * 1024
const plain = Buffer.alloc(40 * MB, 'all of a layer that is packed ')
const packed = gzipSync(plain, { level: 1 })

let turns = 0
let layer: PackedLayer
beforeEach(() => {
  turns = 0
  layer = {
    compression: 'gzip',
    open: ({ start, end } = { start: 0 }) => Promise.resolve(readerOf(packed.subarray(start, end))),
    entrance: () => Promise.resolve(undefined),
    whenFar: (read) => {
      turns += 1
      return read()
    },
  }
})

function readerOf(bytes: Buffer): BlobReader {
  return {
    size: packed.length,
    pump: async (sink) => {
      for (let at = 0; at < bytes.length; at += 64 * 1024) await sink(bytes.subarray(at, at + 64 * 1024))
    },
    close: () => Promise.resolve(),
  }
}

const read = (start: number, signal = new AbortController().signal) =>
  readUnpacked(layer, start, start + 100, signal)

describe('a file of a packed layer', () => {
  it('far from where reading can begin waits for its turn', async () => {
    expect(await read(39 * MB)).toEqual(plain.subarray(39 * MB, 39 * MB + 100))
    expect(turns).toBe(1)
  })

  it('near to it does not', async () => {
    expect(await read(MB)).toEqual(plain.subarray(MB, MB + 100))
    layer = {
      ...layer,
      entrance: () => Promise.resolve({ unpacked: 20 * MB, bit: 0, window: undefined, until: undefined }),
    }
    await read(39 * MB)
    expect(turns).toBe(0)
  })

  it('for which it is too late when its turn comes is not opened', async () => {
    const late = new AbortController()
    layer = {
      ...layer,
      open: () => Promise.reject(new Error('opened')),
      whenFar: (work) => {
        late.abort(new Error('late'))
        return work()
      },
    }
    await expect(read(39 * MB, late.signal)).rejects.toThrow('late')
  })

  it.each(['gzip', 'none'] as const)('is read with others in one go: %s', async (compression) => {
    let opened = 0
    layer = {
      ...layer,
      compression,
      open: ({ start, end } = { start: 0 }) => {
        opened += 1
        return Promise.resolve(readerOf((compression === 'none' ? plain : packed).subarray(start, end)))
      },
    }
    const spans = [
      [7, 7],
      [10, 20],
      [20, 70_000],
      [70_001, 70_001],
      [65_536 * 2, 65_536 * 2 + 5],
      [3 * MB, 3 * MB + 1],
    ].map(([start = 0, end = 0]) => ({ start, end }))
    const { signal } = new AbortController()
    expect(await readSpans(layer, spans, signal)).toEqual(
      spans.map(({ start, end }) => plain.subarray(start, end)),
    )
    expect(opened).toBe(1)
    expect(await readSpans(layer, [{ start: 5, end: 5 }], signal)).toEqual([Buffer.alloc(0)])
    expect(opened).toBe(1)
  })
})
