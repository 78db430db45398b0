import { pipeline, Readable, type Transform } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { MetadataSnapshot } from '../../../storage/metadata/metadata-store.ts'
import { KINDS } from '../../records/keys.ts'
import { moves } from '../../records/moving.ts'
import { recordsOf } from '../records-of.ts'

/** A record as it lies in a file. */
export interface FiledRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

const MAGIC = Buffer.from('lamina records 1\n')
/** Stands where a record would begin; the number of records follows. */
const END = 0xffff_ffff
const HEAD = 8
/** What is compressed at a time: a record by itself would cost more to hand over than to compress. */
const PIECE_BYTES = 64 << 10
/** Longer than any record, so that a damaged length does not ask for all memory. */
const LONGEST = 64 << 20

/** The records that a registry is made of, of one moment: those that belong to a place and not to the content stay out. */
export async function* contentOf(snapshot: Pick<MetadataSnapshot, 'range'>): AsyncGenerator<FiledRecord> {
  for (const { kind } of KINDS) if (moves(kind)) yield* recordsOf(snapshot, kind)
}

/** Records as a stream of bytes: each as two lengths, key and value; their number at the end. */
async function* writeRecords(records: AsyncIterable<FiledRecord>): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = [MAGIC]
  let [count, bytes] = [0, 0]
  for await (const { key, value } of records) {
    pieces.push(lengths(key.length, value.length), key, value)
    count += 1
    bytes += HEAD + key.length + value.length
    if (bytes < PIECE_BYTES) continue
    yield Buffer.concat(pieces)
    pieces = []
    bytes = 0
  }
  yield Buffer.concat([...pieces, lengths(END, count)])
}

function lengths(first: number, second: number): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(first)
  head.writeUInt32BE(second, 4)
  return head
}

/**
 * Reads what writeRecords wrote. Throws TypeError for anything else, also when its end is missing. Reads `chunks` to
 * their end: behind the last record comes the checksum of what was compressed.
 */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FiledRecord> {
  const bytes = new ByteQueue(chunks)
  if (!(await bytes.take(MAGIC.length)).equals(MAGIC)) throw new TypeError('this is no file of records')
  for (let count = 0; ; count++) {
    const head = await bytes.take(HEAD)
    const [first, second] = [head.readUInt32BE(), head.readUInt32BE(4)]
    if (first === END) {
      if (second !== count) throw new TypeError(`the file has ${count} records instead of ${second}`)
      if (!(await bytes.isOver())) throw new TypeError('the file goes on behind its last record')
      return
    }
    if (first > LONGEST || second > LONGEST) throw new TypeError(`record ${count} of the file is damaged`)
    yield { key: await bytes.take(first), value: await bytes.take(second) }
  }
}

/** Records as one compressed stream. A failure of theirs is the stream's. */
export function compressRecords(records: AsyncIterable<FiledRecord>): Readable {
  return through(Readable.from(writeRecords(records)), createGzip({ level: 1 }))
}

/** What the end of a chain of two gives; who reads it hears of every failure. */
export function through(source: Readable, transform: Transform): Transform {
  return pipeline(source, transform, () => undefined)
}

class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Whether no byte is left. */
  async isOver(): Promise<boolean> {
    let have = this.#rest.length
    while (have === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return true
      have += next.value.length
    }
    return false
  }

  async take(length: number): Promise<Buffer> {
    const pieces = [this.#rest]
    let have = this.#rest.length
    while (have < length) {
      const next = await this.#chunks.next()
      if (next.done === true) throw new TypeError('the file of records ends early')
      pieces.push(Buffer.from(next.value))
      have += next.value.length
    }
    const all = pieces.length === 1 ? this.#rest : Buffer.concat(pieces)
    this.#rest = all.subarray(length)
    return all.subarray(0, length)
  }
}
