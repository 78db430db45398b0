import { createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { nativeOf, openInPlace } from './decoder-in-place.ts'
import { type Decoder, OUTPUT_BYTES, openPipe } from './decoder-pipe.ts'

const TEXT = Buffer.from('what is decoded twice is the same twice. '.repeat(5_000))
const gunzip = () => createGunzip({ chunkSize: OUTPUT_BYTES })
const unzstd = () => createZstdDecompress({ chunkSize: OUTPUT_BYTES })
const HALF = Math.floor(gzipSync(TEXT).length / 2)

it('is what this node has: elsewhere, threads decode more slowly', () => {
  expect(nativeOf(createGunzip())).toBeDefined()
  expect(nativeOf(createZstdDecompress())).toBeDefined()
})

/** What comes out, or why it ends, in pieces of `size`. */
async function outcome(open: typeof openPipe, decoder: Decoder, bytes: Buffer, size: number) {
  const pieces: Buffer[] = []
  const decoding = open(decoder, (piece) => void pieces.push(Buffer.from(piece)))
  try {
    for (let at = 0; at < bytes.length; at += size) await decoding.write(bytes.subarray(at, at + size))
    await decoding.end()
    return { whole: Buffer.concat(pieces).equals(TEXT) }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    return { code: error.code, message: error.message }
  }
}

const gzip = gzipSync(TEXT)
const damaged = Buffer.from(gzip).fill(0xaa, HALF)
const INPUTS: readonly (readonly [string, () => Decoder, Buffer])[] = [
  ['gzip', gunzip, gzip],
  ['gzip, two members', gunzip, Buffer.concat([gzipSync(TEXT.subarray(0, 99)), gzipSync(TEXT.subarray(99))])],
  ['gzip, zeros behind it', gunzip, Buffer.concat([gzip, Buffer.alloc(600)])],
  ['gzip, other bytes behind it', gunzip, Buffer.concat([gzip, Buffer.from('garbage that is none')])],
  ['gzip, cut short', gunzip, gzip.subarray(0, HALF)],
  ['gzip, damaged', gunzip, damaged],
  ['gzip, another CRC', gunzip, Buffer.from(gzip).fill(1, gzip.length - 8, gzip.length - 4)],
  ['gzip, another length', gunzip, Buffer.from(gzip).fill(1, gzip.length - 4)],
  ['zstd', unzstd, zstdCompressSync(TEXT)],
  ['zstd, damaged', unzstd, Buffer.from(zstdCompressSync(TEXT)).fill(0xff, 20)],
]

it.each(INPUTS)('ends as the stream does: %s', async (_, create, bytes) => {
  for (const size of [7, 512, bytes.length])
    expect(await outcome(openInPlace, create(), bytes, size)).toEqual(
      await outcome(openPipe, create(), bytes, size),
    )
})

it('gives what the sink threw to whoever writes', async () => {
  const decoding = openInPlace(gunzip(), () => {
    throw new RangeError('enough')
  })
  await expect((async () => decoding.write(gzip))()).rejects.toThrow('enough')
})
