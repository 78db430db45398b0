import { createInflateRaw } from 'node:zlib'
import { alignment } from './align.ts'
import { DecoderPipe, OUTPUT_BYTES, type Sink } from './decoder-pipe.ts'
import { GzipUnpacker, type Unpacker } from './unpack.ts'

const TRAILER_BYTES = 8

/** Unpacks a gzip stream from the bit `bit` (0 to 7) of its first byte on, where a block begins; members may follow. */
export class ResumedUnpacker implements Unpacker {
  readonly compression = 'gzip'
  readonly #sink: Sink
  readonly #bit: number
  readonly #pipe: DecoderPipe
  #given = 0
  /** Behind the first member: how much of its trailer is to come, and what unpacks the others. */
  #trailer: number | undefined
  #others: GzipUnpacker | undefined

  /** `window`: the 32 KiB that came out before, or all that did. */
  constructor(bit: number, window: Buffer, sink: Sink) {
    this.#bit = bit
    this.#sink = sink
    const dictionary = window.length > 0 ? { dictionary: window } : {}
    this.#pipe = new DecoderPipe(createInflateRaw({ chunkSize: OUTPUT_BYTES, ...dictionary }), sink)
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#trailer !== undefined) return this.#writeOthers(chunk)
    const first = this.#given === 0 ? chunk[0] : undefined
    const bytes =
      first === undefined ? chunk : Buffer.concat([alignment(this.#bit).join(first), chunk.subarray(1)])
    this.#given += bytes.length
    await this.#pipe.write(bytes)
    const rest = this.#given - this.#pipe.taken
    if (rest === 0) return
    this.#trailer = TRAILER_BYTES
    await this.#writeOthers(bytes.subarray(bytes.length - rest))
  }

  end(): Promise<void> {
    return (this.#others ?? this.#pipe).end()
  }

  async #writeOthers(chunk: Buffer): Promise<void> {
    const skipped = Math.min(this.#trailer ?? 0, chunk.length)
    this.#trailer = (this.#trailer ?? 0) - skipped
    if (skipped === chunk.length) return
    this.#others ??= new GzipUnpacker(this.#sink)
    await this.#others.write(chunk.subarray(skipped))
  }
}
