import { closeSync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { IndexBytes } from './index-reader.ts'

/** The file of a layer's seek points: what each needs of the bytes before it, compressed; a table of them; a tail. */
const MAGIC = 'LAMS0001'
const TAIL_BYTES = 24

/** How far deflate looks back. */
export const WINDOW_BYTES = 32 * 1024

/** A window that is damaged is an error, never other bytes. */
const COMPRESSION = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }

const decompress = promisify(zstdDecompress)

/** A place in a packed layer where reading can begin. */
export interface SeekPoint {
  /** Where it is in what comes out, in bytes. */
  readonly unpacked: number
  /** Where it is in the packed stream, in bits. */
  readonly bit: number
  /** Where the window stands in the file; its length is 0 at the start of a member or frame, which needs none. */
  readonly windowAt: number
  readonly windowLength: number
}

/** Writes the file, points in their order. For worker threads: it waits for the disk. */
export class SeekFileWriter {
  readonly #file: number
  readonly #points: SeekPoint[] = []
  #offset = 0

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
    this.#write(Buffer.from(MAGIC))
  }

  add({ unpacked, bit }: Pick<SeekPoint, 'unpacked' | 'bit'>, window: Buffer | undefined): void {
    const packed = window === undefined ? Buffer.alloc(0) : zstdCompressSync(window, COMPRESSION)
    this.#points.push({ unpacked, bit, windowAt: this.#offset, windowLength: packed.length })
    this.#write(packed)
  }

  /** Writes what comes behind the windows, closes the file, and gives the number of points. */
  finish(): number {
    const table = new ByteWriter()
    for (const { unpacked, bit, windowAt, windowLength } of this.#points)
      for (const number of [unpacked, bit, windowAt, windowLength]) table.uint(number)
    const bytes = zstdCompressSync(table.take(), COMPRESSION)
    const tail = Buffer.alloc(TAIL_BYTES)
    tail.writeDoubleLE(this.#offset, 0)
    tail.writeUInt32LE(bytes.length, 8)
    tail.write(MAGIC, 16)
    this.#write(bytes)
    this.#write(tail)
    closeSync(this.#file)
    return this.#points.length
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#offset += bytes.length
  }
}

type SeekBytes = Pick<IndexBytes, 'size' | 'read'>

/** The seek points of a layer. */
export class SeekFile {
  readonly #bytes: SeekBytes
  readonly #points: readonly SeekPoint[]

  private constructor(bytes: SeekBytes, points: readonly SeekPoint[]) {
    this.#bytes = bytes
    this.#points = points
  }

  /** Throws TypeError when the bytes are no such file. */
  static async open(bytes: SeekBytes): Promise<SeekFile> {
    const tail = await bytes.read(Math.max(bytes.size - TAIL_BYTES, 0), bytes.size)
    if (tail.length < TAIL_BYTES || tail.toString('latin1', 16, 24) !== MAGIC)
      throw new TypeError('these bytes are no seek points of this version')
    const at = tail.readDoubleLE(0)
    const table = new ByteReader(await decompress(await bytes.read(at, at + tail.readUInt32LE(8))))
    const points: SeekPoint[] = []
    while (!table.done)
      points.push({
        unpacked: table.uint(),
        bit: table.uint(),
        windowAt: table.uint(),
        windowLength: table.uint(),
      })
    return new SeekFile(bytes, points)
  }

  /** The last point at or before `unpacked`, and the byte of the packed stream behind which nothing before `end` is. */
  around(
    unpacked: number,
    end: number,
  ): { readonly point: SeekPoint; readonly until: number | undefined } | undefined {
    const point = this.#points.findLast((one) => one.unpacked <= unpacked)
    if (point === undefined) return undefined
    const behind = this.#points.find((one) => one.unpacked >= end && one.bit > point.bit)
    return { point, until: behind && Math.ceil(behind.bit / 8) }
  }

  /** What a point needs of the bytes before it; undefined when nothing. */
  async window({ windowAt, windowLength }: SeekPoint): Promise<Buffer | undefined> {
    if (windowLength === 0) return undefined
    return decompress(await this.#bytes.read(windowAt, windowAt + windowLength), {
      maxOutputLength: WINDOW_BYTES,
    })
  }
}
