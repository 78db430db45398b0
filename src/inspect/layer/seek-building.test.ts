import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import { type PackedLayer, type PackedRange, readUnpacked } from './read-file.ts'
import { SeekBuilding } from './seek-building.ts'
import { SeekFile } from './seek-file.ts'

const KIB = 1024
const SPACING = 24 * KIB

/** Text that deflate makes many blocks of, and noise, which it stores. */
function content(bytes: number): Buffer {
  let state = 1
  const random = (): number => (state = (state * 48_271) % 2_147_483_647)
  const words = Array.from({ length: 400 }, () => random().toString(36))
  const parts: Buffer[] = [Buffer.from(Array.from({ length: 70 * KIB }, () => random() & 255))]
  for (let length = 0; length < bytes; length += 6) parts.push(Buffer.from(`${words[random() % 400]} `))
  parts.push(Buffer.from(Array.from({ length: 70 * KIB }, () => random() & 255)))
  return Buffer.concat(parts)
}

const plain = content(400 * KIB)
const halves = [plain.subarray(0, 300_000), plain.subarray(300_000)] as const

/** A member with every part that a header may have. */
function decorated(bytes: Buffer): Buffer {
  const packed = gzipSync(bytes)
  const head = Buffer.from([0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 255, 3, 0, 9, 9, 9])
  const whole = Buffer.concat([head, Buffer.from('name\0comment\0')])
  const check = Buffer.alloc(2)
  check.writeUInt16LE(crc32(whole) & 0xffff)
  return Buffer.concat([whole, check, packed.subarray(10)])
}

async function build(packed: Buffer, chunk: number, unpacked = plain.length) {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-seek-'))
  try {
    const building = new SeekBuilding(directory, { spacing: SPACING, unpacked })
    for (let at = 0; at < packed.length; at += chunk) await building.write(packed.subarray(at, at + chunk))
    const result = await building.end()
    return { ...result, file: await readFile(building.path) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function readerOf(bytes: Buffer): BlobReader {
  return {
    size: bytes.length,
    close: () => Promise.resolve(),
    pump: async (sink) => {
      for (let at = 0; at < bytes.length; at += 10_000) await sink(bytes.subarray(at, at + 10_000))
    },
  }
}

/** The layer as the store has it, and how many of its bytes were asked for last. */
async function layerOf(packed: Buffer, file: Buffer, compression: PackedLayer['compression']) {
  const points = await SeekFile.open({
    size: file.length,
    read: (start, end) => Promise.resolve(file.subarray(start, end)),
  })
  const asked: PackedRange[] = []
  const layer: PackedLayer = {
    compression,
    open: (range = { start: 0 }) => {
      asked.push(range)
      return Promise.resolve(readerOf(packed.subarray(range.start, range.end)))
    },
    whenFar: (read) => read(),
    entrance: async (start, end) => {
      const found = points.around(start, end)
      return found && { ...found.point, window: await points.window(found.point), until: found.until }
    },
  }
  return { layer, asked }
}

const never = new AbortController().signal

describe('seek points', () => {
  it.each([
    ['level 1', gzipSync(plain, { level: 1 })],
    ['level 6', gzipSync(plain, { level: 6, memLevel: 5 })],
    ['level 9', gzipSync(plain, { level: 9, memLevel: 9 })],
    ['stored blocks', gzipSync(plain, { level: 0 })],
    ['fixed codes', gzipSync(plain, { strategy: constants.Z_FIXED, memLevel: 4 })],
    ['codes alone', gzipSync(plain, { strategy: constants.Z_HUFFMAN_ONLY })],
    ['repetitions of a byte', gzipSync(plain, { strategy: constants.Z_RLE })],
    ['two members', Buffer.concat([gzipSync(halves[0]), decorated(halves[1]), Buffer.alloc(700)])],
    ['a decorated member', decorated(plain)],
  ])('lead into gzip with %s, to the same bytes', async (_name, packed) => {
    const { points, reason, file } = await build(packed, 64 * KIB)
    expect([points > 5, reason]).toEqual([true, undefined])
    const { layer, asked } = await layerOf(packed, file, 'gzip')
    for (let start = 1; start < plain.length; start += 77_777) {
      const end = Math.min(start + 5000, plain.length)
      const bytes = await readUnpacked(layer, start, end, never)
      expect(bytes.equals(plain.subarray(start, end))).toBe(true)
    }
    const last = asked.at(-1)
    expect(last?.start).toBeGreaterThan(packed.length / 2)
  })

  it('are the same in whatever pieces the layer comes', async () => {
    const packed = gzipSync(plain)
    const { file } = await build(packed, packed.length)
    for (const chunk of [997, 4096]) expect((await build(packed, chunk)).file.equals(file)).toBe(true)
  })

  it('lead to the frames of zstd, and to none of a single one', async () => {
    const frames: Buffer[] = []
    for (let at = 0; at < plain.length; at += 25_000)
      frames.push(zstdCompressSync(plain.subarray(at, at + 25_000)))
    const packed = Buffer.concat(frames)
    const { points, file } = await build(packed, 10_000)
    expect(points).toBeGreaterThan(5)
    const { layer, asked } = await layerOf(packed, file, 'zstd')
    const bytes = await readUnpacked(layer, 400_123, 430_000, never)
    expect(bytes.equals(plain.subarray(400_123, 430_000))).toBe(true)
    expect(asked.at(-1)?.start).toBeGreaterThan(80_000)
    const single = await build(zstdCompressSync(plain), 10_000)
    expect([single.points, single.reason]).toEqual([0, expect.stringContaining('from its start')])
  })

  it.each([
    ['is cut short', gzipSync(plain).subarray(0, 100_000)],
    ['is no gzip behind its header', Buffer.concat([gzipSync(plain).subarray(0, 10), plain])],
    ['is nothing', Buffer.alloc(0)],
    [
      'has a block of a type that does not exist',
      Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(600, 7)]),
    ],
  ])('are none, with a reason, of a layer that %s', async (_name, packed) => {
    const { points, reason } = await build(packed, 64 * KIB)
    expect([points, typeof reason]).toEqual([0, 'string'])
  })

  it('are no more than the plan allows where nothing comes out for long', async () => {
    const empty = deflateRawSync('', { finishFlush: constants.Z_SYNC_FLUSH })
    const packed = Buffer.concat([
      gzipSync('').subarray(0, 10),
      ...Array.from({ length: 30_000 }, () => empty),
      gzipSync(plain).subarray(10),
    ])
    const { points, file } = await build(packed, 64 * KIB)
    expect(points).toBeLessThanOrEqual(Math.ceil((packed.length + plain.length) / SPACING))
    const { layer, asked } = await layerOf(packed, file, 'gzip')
    expect((await readUnpacked(layer, 0, 100, never)).equals(plain.subarray(0, 100))).toBe(true)
    expect(asked.at(-1)?.start).toBeGreaterThan(0)
  })
})
