import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import { dice, randomBytes } from '../fixtures/random.ts'
import { header, padding } from '../fixtures/tar.ts'

/** A layer to be written: so many files of about `fileBytes` each, and one of `lastBytes` behind them. */
export interface LayerPlan {
  /** Also a tag. */
  readonly name: string
  readonly files: number
  readonly fileBytes: number
  readonly content: 'text' | 'random'
  readonly compression: 'gzip' | 'zstd'
  readonly lastBytes?: number
}

/** A layer as a file; sizes are bytes. */
export interface LayerFile {
  readonly plan: LayerPlan
  readonly path: string
  readonly digest: string
  readonly diffId: string
  readonly size: number
  readonly unpacked: number
}

export const LAST = 'last/of/all.bin'

/** Files of a directory: as many as people put into one. */
const IN_DIRECTORY = 500
const PIECE = 2 ** 20
const POOL = 8 * PIECE
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }

/** Writes a layer as builders do: gzip at level 6, zstd at level 3. The same plan gives the same bytes. */
export async function writeLayer(plan: LayerPlan, path: string): Promise<LayerFile> {
  const [plain, packed] = [new Counted(), new Counted()]
  const compress = plan.compression === 'gzip' ? createGzip({ level: 6 }) : createZstdCompress(ZSTD)
  await pipeline(Readable.from(archive(plan)), plain, compress, packed, createWriteStream(path))
  return {
    plan,
    path,
    digest: packed.digest,
    diffId: plain.digest,
    size: packed.bytes,
    unpacked: plain.bytes,
  }
}

/** Hashes and counts what passes. */
class Counted extends Transform {
  readonly #hash = createHash('sha256')
  bytes = 0

  override _transform(chunk: Buffer, _: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk)
    this.bytes += chunk.length
    done(null, chunk)
  }

  get digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`
  }
}

async function* archive({ files, fileBytes, content, lastBytes }: LayerPlan): AsyncGenerator<Buffer> {
  const pool = content === 'random' ? randomBytes('layers', POOL) : textPool()
  for (let at = 0; at < files; at++) {
    const directory = `usr/share/part-${Math.floor(at / IN_DIRECTORY)}`
    yield* file(`${directory}/file-${at}.txt`, sizeOf(at, fileBytes), pool)
  }
  if (lastBytes !== undefined) yield* file(LAST, lastBytes, randomBytes(LAST, 2 * PIECE))
  yield Buffer.alloc(1024)
}

/** From half to one and a half of what is asked. */
function sizeOf(at: number, around: number): number {
  return Math.floor(around / 2) + ((at * 2_654_435_761) % around)
}

/** Each begins with its name, so no two have the same content. */
async function* file(name: string, size: number, pool: Buffer): AsyncGenerator<Buffer> {
  const own = Buffer.from(`${name}\n`).subarray(0, size)
  const parts = [header(name, size), own]
  let left = size - own.length
  let from = (size * 31) % (pool.length - PIECE)
  for (; left > PIECE; left -= PIECE) {
    yield Buffer.concat(parts.splice(0))
    yield pool.subarray(from, from + PIECE)
    from = (from + PIECE + 4099) % (pool.length - PIECE)
  }
  parts.push(pool.subarray(from, from + left), padding(size))
  yield Buffer.concat(parts)
}

/** Words in no order, which gzip makes about three times smaller, as it does programs and documents. */
function textPool(): Buffer {
  const random = dice(6)
  const letters = 'etaoinshrdlucmfwypvbgk'
  const word = () =>
    Array.from(
      { length: 2 + random.below(8) },
      () => letters[Math.min(random.below(22), random.below(22))],
    ).join('')
  const words = Array.from({ length: 5000 }, word)
  const pool = Buffer.alloc(POOL)
  for (let at = 0; at < POOL; )
    at += pool.write(
      `${words[Math.min(random.below(5000), random.below(5000))]}${random.below(9) === 0 ? '\n' : ' '}`,
      at,
    )
  return pool
}
