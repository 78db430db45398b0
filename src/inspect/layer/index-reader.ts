import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { ByteReader } from './bytes.ts'
import { readEntry } from './entry-codec.ts'
import { type IndexEntry, OUTSIDE } from './index-entry.ts'
import { type BlockRow, KEY_LIMIT, MAGIC, TAIL_BYTES } from './index-file.ts'
import { type LayerFacts, layerFactsSchema } from './layer-facts.ts'
import { childKey, directoryKey, directoryPrefix } from './sort-keys.ts'

const decompress = promisify(zstdDecompress)

/** What an index is read from: any bytes with a length. `end` is exclusive. */
export interface IndexBytes {
  readonly size: number
  read(start: number, end: number): Promise<Buffer>
}

/** A directory of a layer's index: reads only the blocks that a question is about. */
export class IndexReader {
  readonly #bytes: IndexBytes
  readonly #rows: readonly BlockRow[]
  readonly facts: LayerFacts

  private constructor(bytes: IndexBytes, rows: readonly BlockRow[], facts: LayerFacts) {
    this.#bytes = bytes
    this.#rows = rows
    this.facts = facts
  }

  /** Throws TypeError when the bytes are no index of this version. */
  static async open(bytes: IndexBytes): Promise<IndexReader> {
    const tail = await bytes.read(Math.max(bytes.size - TAIL_BYTES, 0), bytes.size)
    if (tail.length < TAIL_BYTES || tail.toString('latin1', 24, 32) !== MAGIC)
      throw new TypeError('these bytes are no layer index of this version')
    const at = tail.readDoubleLE(0)
    const [tableLength, factsLength] = [tail.readUInt32LE(8), tail.readUInt32LE(12)]
    const both = await bytes.read(at, at + tableLength + factsLength)
    const rows = readRows(await decompress(both.subarray(0, tableLength)))
    const facts = layerFactsSchema.parse(JSON.parse(both.subarray(tableLength).toString()))
    return new IndexReader(bytes, rows, facts)
  }

  /** The entries of one directory by name, from the name `from` on; those that other entries override among them. */
  async *directory(path: string, from = ''): AsyncGenerator<IndexEntry> {
    const prefix = directoryPrefix(path)
    for await (const entry of this.from(childKey(path, from))) {
      if (!directoryKey(entry).startsWith(prefix) || entry.parent !== path) return
      if ((entry.flags & OUTSIDE) === 0) yield entry
    }
  }

  /** The entries that have no place in the tree, in the order of the archive, from a number on. */
  async *outside(order: number): AsyncGenerator<IndexEntry> {
    for await (const entry of this.from()) {
      if ((entry.flags & OUTSIDE) === 0) return
      if (entry.order >= order) yield entry
    }
  }

  /** The entries of one path, in the order of the archive. */
  async at(parent: string, name: string): Promise<IndexEntry[]> {
    const found: IndexEntry[] = []
    for await (const entry of this.directory(parent, name)) {
      if (entry.name !== name) break
      found.push(entry)
    }
    return found
  }

  /** All entries by directory, from a directory key on. */
  async *from(key = ''): AsyncGenerator<IndexEntry> {
    for (const row of this.#rows.slice(this.#firstBlock(key))) {
      const block = await this.#bytes.read(row.offset, row.offset + row.length)
      const reader = new ByteReader(await decompress(block))
      while (!reader.done) {
        const entry = readEntry(reader)
        if (key === '' || directoryKey(entry) >= key) yield entry
      }
    }
  }

  /** The last block that may hold the first entry at or behind `key`. */
  #firstBlock(key: string): number {
    const wanted = key.slice(0, KEY_LIMIT)
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#rows[middle]?.firstKey ?? '') < wanted) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }
}

function readRows(table: Buffer): BlockRow[] {
  const reader = new ByteReader(table)
  const rows: BlockRow[] = []
  while (!reader.done)
    rows.push({
      firstKey: reader.text(),
      offset: reader.uint(),
      length: reader.uint(),
      entries: reader.uint(),
    })
  return rows
}
