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
 * Bytes that are unpacked, beyond which a reading has far to go: a fifth of a second of a core, of a thread
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
  await readInto(layer, { start, end }, cut, signal)
  return cut.bytes()
}

/** The same of several spans, in their order, one behind the other; the layer is read once from the first to the last. */
export async function readSpans(
  layer: PackedLayer,
  spans: readonly Span[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  const cuts = spans.map(({ start, end }) => new Cut(start, end))
  const asked = spans.filter(({ start, end }) => end > start)
  const whole = { start: asked[0]?.start ?? 0, end: asked.at(-1)?.end ?? 0 }
  if (whole.end > whole.start) await readInto(layer, whole, new Cuts(cuts), signal)
  return cuts.map((cut) => cut.bytes())
}

async function readInto(layer: PackedLayer, span: Span, cut: Taker, signal: AbortSignal): Promise<void> {
  try {
    if (layer.compression === 'none') await readPlain(layer, span, cut, signal)
    else await readPacked(layer, span, cut, signal)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

/** Bytes of an unpacked layer; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

async function readPlain(layer: PackedLayer, span: Span, cut: Taker, signal: AbortSignal): Promise<void> {
  const reader = await layer.open(span)
  cut.skip(span.start)
  await reader.pump((chunk) => cut.take(Buffer.from(chunk)), signal)
}

async function readPacked(
  layer: PackedLayer,
  { start, end }: Span,
  cut: Taker,
  signal: AbortSignal,
): Promise<void> {
  const entrance = await layer.entrance(start, end)
  const from = entrance?.unpacked ?? 0
  cut.skip(from)
  const read = () => readFrom(layer, entrance, cut, signal)
  await (end - from > FAR ? layer.whenFar(read) : read())
}

async function readFrom(
  layer: PackedLayer,
  entrance: Entrance | undefined,
  cut: Taker,
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

/** Takes a stream, from a place on. Throws Enough when it needs no more. */
interface Taker {
  readonly skip: (bytes: number) => void
  readonly take: (bytes: Buffer) => void
}

/** Keeps several stretches of a stream, in their order. */
class Cuts implements Taker {
  readonly #open: Cut[]
  #at = 0

  constructor(cuts: readonly Cut[]) {
    this.#open = cuts.filter(({ isEmpty }) => !isEmpty).toReversed()
  }

  skip(bytes: number): void {
    this.#at = bytes
  }

  take(bytes: Buffer): void {
    for (let cut = this.#open.at(-1); cut !== undefined; cut = this.#open.at(-1)) {
      if (!cut.takeAt(this.#at, bytes)) break
      this.#open.pop()
    }
    this.#at += bytes.length
    if (this.#open.length === 0) throw new Enough()
  }
}

/** Keeps a stretch of a stream. Throws Enough behind it. */
class Cut implements Taker {
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

  get isEmpty(): boolean {
    return this.#end <= this.#start
  }

  take(bytes: Buffer): void {
    const isWhole = this.takeAt(this.#at, bytes)
    this.#at += bytes.length
    if (isWhole) throw new Enough()
  }

  /** Takes what it wants of bytes that are at a place of the stream; whether that was the last of it. */
  takeAt(at: number, bytes: Buffer): boolean {
    const from = Math.max(this.#start - at, 0)
    const to = Math.min(this.#end - at, bytes.length)
    if (to > from) this.#kept.push(Buffer.from(bytes.subarray(from, to)))
    return at + bytes.length >= this.#end
  }

  bytes(): Buffer {
    return Buffer.concat(this.#kept)
  }
}
