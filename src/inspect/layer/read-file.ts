import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { Compression } from './unpack.ts'
import { createUnpacker } from './unpack.ts'

/** A layer's bytes, and how they are packed. */
export interface PackedLayer {
  readonly compression: Compression
  readonly open: (range?: { readonly start: number; readonly end: number }) => Promise<BlobReader>
}

/** Ends a reader that has given enough. */
class Enough extends Error {}

/**
 * Bytes `start` to `end` (exclusive) of an unpacked layer. Of a plain one only they are read; a packed one is unpacked
 * from its start on, and what comes before is thrown away.
 */
export async function readUnpacked(
  layer: PackedLayer,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0)
  const cut = new Cut(start, end)
  const plain = layer.compression === 'none'
  const reader = await layer.open(plain ? { start, end: end - 1 } : undefined)
  if (plain) cut.skip(start)
  try {
    await pumpInto(reader, plain, cut, signal)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return cut.bytes()
}

async function pumpInto(reader: BlobReader, plain: boolean, cut: Cut, signal: AbortSignal): Promise<void> {
  let unpacker: ReturnType<typeof createUnpacker> | undefined
  await reader.pump(async (chunk) => {
    const bytes = Buffer.from(chunk)
    if (plain) {
      cut.take(bytes)
      return
    }
    unpacker ??= createUnpacker(bytes, (unpacked) => cut.take(unpacked))
    await unpacker.write(bytes)
  }, signal)
  await unpacker?.end()
}

/** Keeps a stretch of a stream. Throws Enough behind it. */
class Cut {
  readonly #start: number
  readonly #end: number
  readonly #kept: Buffer[] = []
  #at = 0

  constructor(start: number, end: number) {
    this.#start = start
    this.#end = end
  }

  skip(bytes: number): void {
    this.#at = bytes
  }

  take(bytes: Buffer): void {
    const from = Math.max(this.#start - this.#at, 0)
    const to = Math.min(this.#end - this.#at, bytes.length)
    if (to > from) this.#kept.push(Buffer.from(bytes.subarray(from, to)))
    this.#at += bytes.length
    if (this.#at >= this.#end) throw new Enough()
  }

  bytes(): Buffer {
    return Buffer.concat(this.#kept)
  }
}
