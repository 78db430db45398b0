import { constants, createGunzip, createZstdDecompress, zstdDecompressSync } from 'node:zlib'
import { type Decoding, type OpenDecoder, OUTPUT_BYTES, openPipe, type Sink } from './decoder-pipe.ts'
import { type LayerLimits, LayerVerdict, RATIO_FROM } from './verdict.ts'
import { ZstdDamage, type ZstdFrame, ZstdFrames } from './zstd-frames.ts'

export type Compression = 'gzip' | 'zstd' | 'none'

/** Unpacks a stream; what comes out goes to the sink it was made with, in order. */
export interface Unpacker {
  readonly compression: Compression
  write(chunk: Buffer): Promise<void>
  end(): Promise<void>
}

/** How a stream is unpacked. */
export interface Unpacking {
  /** Told where a zstd frame begins in the packed stream, when all before it was given to the sink. */
  readonly onFrame?: (offset: number) => void
  readonly open?: OpenDecoder
}

/** Bytes that a decision about the form takes. */
export const SNIFF_BYTES = 512
/** zstd memory: more than that no layer may ask for (RFC 8878 tells decoders to take 8 MiB at least). */
const WINDOW_LOG = 26

/**
 * Chooses by the first bytes, whatever the media type says. Throws LayerVerdict for what is neither compressed nor tar.
 */
export function createUnpacker(head: Buffer, sink: Sink, how: Unpacking = {}): Unpacker {
  if (head[0] === 0x1f && head[1] === 0x8b) return new GzipUnpacker(sink, how.open)
  const magic = head.length < 4 ? 0 : head.readUInt32LE(0)
  if (magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5) return new ZstdUnpacker(sink, how)
  if (looksLikeTar(head)) return new PlainUnpacker(sink)
  throw new LayerVerdict(
    'unsupported',
    `this is ${nameOf(head)}, not a tar archive with gzip, zstd or no compression`,
  )
}

function looksLikeTar(head: Buffer): boolean {
  if (head.length < SNIFF_BYTES) return false
  return (
    head.toString('latin1', 257, 262) === 'ustar' ||
    /^ *[0-7]+[\0 ]/.test(head.toString('latin1', 148, 155)) ||
    head.every((byte) => byte === 0)
  )
}

const KNOWN: readonly (readonly [string, string])[] = [
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
  ['504b0304', 'a zip archive'],
  ['68737173', 'a squashfs image'],
  ['7f454c46', 'a program'],
  ['89504e47', 'a picture'],
  ['ffd8ff', 'a picture'],
  ['0061736d', 'WebAssembly'],
  ['7b', 'JSON'],
]

function nameOf(head: Buffer): string {
  const hex = head.toString('hex', 0, 8)
  return KNOWN.find(([magic]) => hex.startsWith(magic))?.[1] ?? 'something else'
}

/** Counts what comes out of what went in, and ends bombs. Throws LayerVerdict. */
export class OutputGuard {
  readonly #limits: Pick<LayerLimits, 'unpacked' | 'ratio'>
  #in = 0
  #out = 0

  constructor(limits: Pick<LayerLimits, 'unpacked' | 'ratio'>) {
    this.#limits = limits
  }

  get unpacked(): number {
    return this.#out
  }

  taken(bytes: number): void {
    this.#in += bytes
  }

  given(bytes: number): void {
    this.#out += bytes
    const { unpacked, ratio } = this.#limits
    if (this.#out > unpacked) throw new LayerVerdict('too-large', `it unpacks to more than ${unpacked} bytes`)
    if (this.#out > RATIO_FROM && this.#out > this.#in * ratio)
      throw new LayerVerdict('too-large', `it unpacks to more than ${ratio} times its size`)
  }
}

class PlainUnpacker implements Unpacker {
  readonly compression = 'none'
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  write(chunk: Buffer): Promise<void> {
    this.#sink(chunk)
    return Promise.resolve()
  }

  end(): Promise<void> {
    return Promise.resolve()
  }
}

/** All members one after the other; node's decoder goes from one to the next by itself. */
export class GzipUnpacker implements Unpacker {
  readonly compression = 'gzip'
  readonly #decoding: Decoding

  constructor(sink: Sink, open = openPipe) {
    this.#decoding = open(createGunzip({ chunkSize: OUTPUT_BYTES }), sink)
  }

  write(chunk: Buffer): Promise<void> {
    return this.#decoding.write(chunk)
  }

  end(): Promise<void> {
    return this.#decoding.end()
  }
}

/** Compressed bytes of a frame up to which it is decoded in one call: zstd:chunked has one for each small file. */
const SMALL_FRAME = 128 * 1024
const SMALL_OUTPUT = 16 * 1024 * 1024

class ZstdUnpacker implements Unpacker {
  readonly compression = 'zstd'
  readonly #sink: Sink
  readonly #how: Unpacking
  readonly #frames: ZstdFrames
  #skipping = false
  #small: Buffer[] = []
  #smallBytes = 0
  #decoding: Decoding | undefined

  constructor(sink: Sink, how: Unpacking) {
    this.#sink = sink
    this.#how = how
    this.#frames = new ZstdFrames({
      begin: (frame) => this.#begin(frame),
      bytes: (piece) => this.#bytes(piece),
      end: () => this.#end(),
    })
  }

  write(chunk: Buffer): Promise<void> {
    return this.#frames.write(chunk)
  }

  end(): Promise<void> {
    if (!this.#frames.isWhole) throw new ZstdDamage('the last zstd frame is cut short')
    return Promise.resolve()
  }

  #begin({ offset, skippable, window = 0, dictionary }: ZstdFrame): void {
    if (dictionary) throw new LayerVerdict('unsupported', 'its zstd frames need a dictionary')
    // A frame without blocks behind its first ones says its whole size as the window, and needs no more than it has.
    if (window > 2 ** WINDOW_LOG && window > SMALL_OUTPUT)
      throw new LayerVerdict(
        'unsupported',
        `its zstd frames need ${window} bytes of memory; ${2 ** WINDOW_LOG} are given`,
      )
    this.#how.onFrame?.(offset)
    this.#skipping = skippable
    this.#small = []
    this.#smallBytes = 0
    this.#decoding = undefined
  }

  async #bytes(piece: Buffer): Promise<void> {
    if (this.#skipping) return
    if (this.#decoding !== undefined) return this.#decoding.write(piece)
    this.#small.push(Buffer.from(piece))
    this.#smallBytes += piece.length
    if (this.#smallBytes > SMALL_FRAME) await this.#openDecoder()
  }

  async #openDecoder(): Promise<void> {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG }
    const { open = openPipe } = this.#how
    this.#decoding = open(createZstdDecompress({ chunkSize: OUTPUT_BYTES, params }), this.#sink)
    const begun = Buffer.concat(this.#small)
    this.#small = []
    await this.#decoding.write(begun)
  }

  async #end(): Promise<void> {
    if (this.#skipping) return
    if (this.#decoding === undefined) {
      const unpacked = decodeSmall(Buffer.concat(this.#small))
      if (unpacked !== undefined) {
        this.#sink(unpacked)
        return
      }
      await this.#openDecoder()
    }
    await this.#decoding?.end()
  }
}

/** Undefined when more comes out than one call may give. */
function decodeSmall(frame: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: SMALL_OUTPUT })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
