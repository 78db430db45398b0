import { join } from 'node:path'
import { openInPlace } from './decoder-in-place.ts'
import { GzipBlocks, type Start } from './gzip-blocks.ts'
import { SeekFileWriter, WINDOW_BYTES } from './seek-file.ts'
import { createUnpacker, SNIFF_BYTES, type Unpacker } from './unpack.ts'

/** What the places of a layer's points are chosen by, in bytes. */
export interface SeekPlan {
  /** Between two points, of what comes out or of what goes in. */
  readonly spacing: number
  /** What comes out of the layer, as far as its index goes. */
  readonly unpacked: number
}

/** `points`: 0 when reading can begin nowhere but at the start. */
export interface SeekResult {
  readonly points: number
  /** Why there are none. */
  readonly reason: string | undefined
}

/** The blocks are read a few codes behind what is unpacked. */
const RECENT_BYTES = WINDOW_BYTES + 8 * 1024

/**
 * Reads a packed layer as it streams by, and writes its seek points to a file: for gzip the blocks of deflate with what
 * they look back on, for zstd the frames. For worker threads.
 */
export class SeekBuilding {
  readonly path: string
  readonly #plan: SeekPlan
  readonly #writer: SeekFileWriter
  readonly #blocks = new GzipBlocks((start) => this.#consider(start))
  #head: Buffer = Buffer.alloc(0)
  #unpacker: Unpacker | undefined
  #last = { unpacked: 0, bit: 0 }
  /** Points that were chosen, until their windows have passed. */
  readonly #chosen: Start[] = []
  #recent: Buffer = Buffer.alloc(0)
  #passed = 0
  #failure: string | undefined

  /** `directory` is empty and belongs to this layer alone. */
  constructor(directory: string, plan: SeekPlan) {
    this.path = join(directory, 'seek-points')
    this.#plan = plan
    this.#writer = new SeekFileWriter(this.path)
  }

  /** Whether more bytes would change anything. */
  get isOver(): boolean {
    return this.#failure !== undefined || this.#passed >= this.#plan.unpacked
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.isOver) return
    if (this.#unpacker === undefined) {
      this.#head = Buffer.concat([this.#head, chunk])
      if (this.#head.length < SNIFF_BYTES) return
      await this.#judging(() => this.#begin())
    } else await this.#judging(() => this.#feed(chunk))
  }

  async end(): Promise<SeekResult> {
    if (!this.isOver)
      await this.#judging(async () => {
        if (this.#unpacker === undefined && this.#head.length > 0) await this.#begin()
        await this.#feed(Buffer.alloc(0), true)
        await this.#unpacker?.end()
        if (this.#unpacker?.compression === 'gzip' && this.#blocks.unpacked !== this.#passed)
          throw new TypeError('its blocks were read otherwise than they were unpacked')
      })
    const written = this.#writer.finish()
    const points = this.#failure === undefined ? written : 0
    return {
      points,
      reason:
        points === 0 ? (this.#failure ?? 'it is one piece that can only be read from its start') : undefined,
    }
  }

  /** What is wrong with a layer its index says; here it only means that there are no points. */
  async #judging(read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (error) {
      if (!this.isOver) this.#failure = error instanceof Error ? error.message : String(error)
    }
  }

  async #begin(): Promise<void> {
    const head = this.#head
    this.#head = Buffer.alloc(0)
    this.#unpacker = createUnpacker(head, (unpacked) => this.#pass(unpacked), {
      onFrame: (offset) => this.#consider({ kind: 'member', bit: offset * 8, unpacked: this.#passed }),
      open: openInPlace,
    })
    await this.#feed(head)
  }

  async #feed(chunk: Buffer, final = false): Promise<void> {
    const isGzip = this.#unpacker?.compression === 'gzip'
    const bytes = isGzip ? this.#blocks.write(chunk, final) : chunk
    if (bytes.length > 0) await this.#unpacker?.write(bytes)
  }

  /** Chooses a place when it is far enough from the one before: also where much goes in and little comes out. */
  #consider(start: Start): void {
    const { spacing, unpacked } = this.#plan
    const far = start.unpacked - this.#last.unpacked >= spacing || start.bit - this.#last.bit >= spacing * 8
    if (!far || start.unpacked >= unpacked) return
    this.#last = { unpacked: start.unpacked, bit: start.bit }
    this.#chosen.push(start)
    this.#write()
  }

  #pass(bytes: Buffer): void {
    this.#recent = Buffer.concat([this.#recent.subarray(-RECENT_BYTES), bytes])
    this.#passed += bytes.length
    this.#write()
  }

  /** Writes the chosen points whose windows have passed. */
  #write(): void {
    const start = this.#passed - this.#recent.length
    for (let next = this.#chosen[0]; next !== undefined; next = this.#chosen[0]) {
      const end = next.unpacked - start
      if (end > this.#recent.length) return
      const window = this.#recent.subarray(Math.max(end - WINDOW_BYTES, 0), end)
      this.#writer.add(next, next.kind === 'member' ? undefined : window)
      this.#chosen.shift()
    }
  }
}
