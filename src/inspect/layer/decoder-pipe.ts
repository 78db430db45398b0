import type { Gunzip, InflateRaw, ZstdDecompress } from 'node:zlib'

/**
 * Output in one piece: node's own 16 KiB halve the speed, and from 128 KiB on malloc takes fresh pages for each, which
 * costs a quarter of it.
 */
export const OUTPUT_BYTES = 120 * 1024

/** What it is given is its own until it returns. */
export type Sink = (unpacked: Buffer) => void

export type Decoder = Gunzip | InflateRaw | ZstdDecompress

/** Something that decodes for a sink. */
export interface Decoding {
  /** Rejects with what is wrong with the bytes, and with what the sink threw. */
  write(chunk: Buffer): Promise<void>
  end(): Promise<void>
}

/** Makes a decoder of node decode for a sink. */
export type OpenDecoder = (decoder: Decoder, sink: Sink) => Decoding

/** For the server's own thread: node decodes in its pool. */
export const openPipe: OpenDecoder = (decoder, sink) => new DecoderPipe(decoder, sink)

/** A decoder of node as a pair of promises: what the sink throws ends it, too. */
export class DecoderPipe implements Decoding {
  readonly #decoder: Decoder
  readonly #ended = Promise.withResolvers<void>()
  /** What the sink threw: the decoder tells it only later, and calls the write that it broke off done. */
  #failure: Error | undefined

  constructor(decoder: Decoder, sink: Sink) {
    this.#decoder = decoder
    // A failure is told by the next write or end, whoever is waiting then.
    this.#ended.promise.catch(() => undefined)
    decoder.on('data', (unpacked: Buffer) => {
      try {
        sink(unpacked)
        release(unpacked)
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error))
        decoder.destroy(this.#failure)
      }
    })
    decoder.on('error', (error) => this.#ended.reject(error))
    decoder.on('end', () => this.#ended.resolve())
  }

  /** Bytes that the decoder took; fewer than it was given once its stream is over. */
  get taken(): number {
    return this.#decoder.bytesWritten
  }

  async write(chunk: Buffer): Promise<void> {
    await Promise.race([
      this.#ended.promise,
      new Promise<void>((resolve) => void this.#decoder.write(chunk, () => resolve())),
    ])
    if (this.#failure !== undefined) throw this.#failure
  }

  end(): Promise<void> {
    this.#decoder.end()
    return this.#ended.promise
  }
}

/**
 * Gives a decoder's memory back when the piece that ends it was read: the collector would let 64 MB of it lie. The
 * decoder takes new memory after such a piece.
 */
function release({ buffer, byteOffset, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteOffset + length === buffer.byteLength) buffer.transfer(0)
}
