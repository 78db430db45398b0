import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { Sink } from './decoder-pipe.ts'
import { ResumedUnpacker } from './resume.ts'
import { type Compression, createUnpacker, type Unpacker } from './unpack.ts'

/** Bytes of a packed layer; `end` is exclusive, and without it they go on to the last. */
export interface PackedRange {
  readonly start: number
  readonly end?: number
}

/** A place in a packed layer where reading can begin. */
export interface Entrance {
  /** Where it is in what comes out, and in the packed stream. */
  readonly unpacked: number
  readonly bit: number
  /** What came out before, as much as deflate looks back on; undefined at the start of a member or frame. */
  readonly window: Buffer | undefined
  /** The byte of the packed stream behind which nothing is that was asked for. */
  readonly until: number | undefined
}

/** A layer's bytes, and how they are packed. */
export interface PackedLayer {
  readonly compression: Compression
  readonly open: (range?: PackedRange) => Promise<BlobReader>
  /** The best place to read these bytes of the unpacked layer from; undefined: from its start. */
  readonly entrance: (start: number, end: number) => Promise<Entrance | undefined>
  /** Runs a reading that has far to go, when its turn comes. */
  readonly whenFar: (read: () => Promise<void>) => Promise<void>
}

/**
 * Bytes that are unpacked and thrown away, beyond which a reading has far to go: a fifth of a second of a core, of a thread
 * that transfers wait for as well.
 */
const FAR = 32 * 1024 * 1024

/** Ends a reader that has given enough. */
class Enough extends Error {}

/**
 * Bytes `start` to `end` (exclusive) of an unpacked layer. Of a plain one only they are read; a packed one is unpacked
 * from the nearest entrance on, and what comes before is thrown away.
 */
export async function readUnpacked(
  layer: PackedLayer,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0)
  const cut = new Cut(start, end)
  try {
    if (layer.compression === 'none') await readPlain(layer, { start, end }, cut, signal)
    else await readPacked(layer, { start, end }, cut, signal)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return cut.bytes()
}

interface Span {
  readonly start: number
  readonly end: number
}

async function readPlain(layer: PackedLayer, span: Span, cut: Cut, signal: AbortSignal): Promise<void> {
  const reader = await layer.open(span)
  cut.skip(span.start)
  await reader.pump((chunk) => cut.take(Buffer.from(chunk)), signal)
}

async function readPacked(
  layer: PackedLayer,
  { start, end }: Span,
  cut: Cut,
  signal: AbortSignal,
): Promise<void> {
  const entrance = await layer.entrance(start, end)
  const from = entrance?.unpacked ?? 0
  cut.skip(from)
  const read = () => readFrom(layer, entrance, cut, signal)
  await (start - from > FAR ? layer.whenFar(read) : read())
}

async function readFrom(
  layer: PackedLayer,
  entrance: Entrance | undefined,
  cut: Cut,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const reader = await layer.open(entrance && rangeOf(entrance))
  let unpacker: Unpacker | undefined
  await reader.pump(async (chunk) => {
    const bytes = Buffer.from(chunk)
    unpacker ??= unpackerAt(entrance, bytes, (unpacked) => cut.take(unpacked))
    await unpacker.write(bytes)
  }, signal)
  await unpacker?.end()
}

function rangeOf({ bit, until }: Entrance): PackedRange {
  return { start: Math.floor(bit / 8), ...(until !== undefined && { end: until }) }
}

function unpackerAt(entrance: Entrance | undefined, head: Buffer, sink: Sink): Unpacker {
  return entrance?.window === undefined
    ? createUnpacker(head, sink)
    : new ResumedUnpacker(entrance.bit % 8, entrance.window, sink)
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
