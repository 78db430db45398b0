import { createZstdDecompress, zstdDecompressSync } from 'node:zlib'
import { ZstdDamage, ZstdFrames } from '../inspect/layer/zstd-frames.ts'

/** Compressed bytes of a frame up to which it is decoded in one call, if no more than so much comes out. */
const SMALL = 16 * 1024
const SMALL_OUTPUT = 512 * 1024

type Step =
  | { readonly kind: 'begin'; readonly skippable: boolean }
  | { readonly kind: 'bytes'; readonly piece: Buffer }
  | { readonly kind: 'end' }

/** What all frames of zstd hold, one after the other, no faster than it is read: node's decoder ends with the first. */
export async function* unpackZstd(packed: AsyncIterable<Uint8Array>, chunkSize: number): AsyncGenerator {
  const steps: Step[] = []
  const note = (step: Step): Promise<void> => {
    steps.push(step)
    return Promise.resolve()
  }
  const frames = new ZstdFrames({
    begin: ({ skippable }) => note({ kind: 'begin', skippable }),
    bytes: (piece) => note({ kind: 'bytes', piece }),
    end: () => note({ kind: 'end' }),
  })
  const frame = new Frame(chunkSize)
  try {
    for await (const { buffer, byteOffset, length } of packed) {
      await frames.write(Buffer.from(buffer, byteOffset, length))
      for (const step of steps.splice(0)) yield* frame.take(step)
    }
    if (!frames.isWhole) throw new ZstdDamage('the last zstd frame is cut short')
  } finally {
    frame.close()
  }
}

/** One frame after the other. */
class Frame {
  readonly #chunkSize: number
  #skipping = false
  #small: Buffer[] = []
  #smallBytes = 0
  #decoder: FrameDecoder | undefined

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize
  }

  async *take(step: Step): AsyncGenerator {
    if (step.kind === 'begin') this.#begin(step.skippable)
    else if (!this.#skipping) yield* step.kind === 'bytes' ? this.#bytes(step.piece) : this.#end()
  }

  close(): void {
    this.#decoder?.close()
    this.#decoder = undefined
  }

  #begin(skippable: boolean): void {
    this.close()
    this.#skipping = skippable
    this.#small = []
    this.#smallBytes = 0
  }

  async *#bytes(piece: Buffer): AsyncGenerator {
    if (this.#decoder !== undefined) yield* this.#decoder.write(piece)
    else {
      this.#small.push(Buffer.from(piece))
      this.#smallBytes += piece.length
      if (this.#smallBytes > SMALL) yield* this.#open()
    }
  }

  async *#open(): AsyncGenerator {
    this.#decoder = new FrameDecoder(this.#chunkSize)
    const begun = Buffer.concat(this.#small)
    this.#small = []
    yield* this.#decoder.write(begun)
  }

  async *#end(): AsyncGenerator {
    const unpacked = this.#decoder === undefined ? decodeSmall(Buffer.concat(this.#small)) : undefined
    if (unpacked !== undefined) yield unpacked
    else {
      if (this.#decoder === undefined) yield* this.#open()
      if (this.#decoder !== undefined) yield* this.#decoder.end()
    }
    this.close()
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

/** A decoder of node that gives what comes out before it takes more. */
class FrameDecoder {
  readonly #decoder
  #wake: () => void = () => undefined
  #failure: Error | undefined

  constructor(chunkSize: number) {
    this.#decoder = createZstdDecompress({ chunkSize })
    this.#decoder.on('readable', () => this.#wake())
    this.#decoder.on('error', (error) => {
      this.#failure = error
      this.#wake()
    })
  }

  write(piece: Buffer): AsyncGenerator {
    return this.#drained((done) => void this.#decoder.write(piece, done))
  }

  end(): AsyncGenerator {
    return this.#drained((done) => void this.#decoder.end(done))
  }

  close(): void {
    this.#decoder.destroy()
  }

  async *#drained(begin: (done: () => void) => void): AsyncGenerator {
    const state = { isDone: false }
    begin(() => {
      state.isDone = true
      this.#wake()
    })
    for (;;) {
      const chunk: unknown = this.#decoder.read()
      if (this.#failure !== undefined) throw this.#failure
      if (chunk !== null) yield chunk
      else if (state.isDone) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
