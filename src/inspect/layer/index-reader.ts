import { LRUCache } from 'lru-cache'
import { ByteReader } from './bytes.ts'
import { readEntry } from './entry-codec.ts'
import { type IndexEntry, OUTSIDE } from './index-entry.ts'
import { type BlockRow, KEY_LIMIT, MAGIC, TAIL_BYTES } from './index-file.ts'
import { type LayerFacts, layerFactsSchema } from './layer-facts.ts'
import { childKey, directoryKey, directoryPrefix } from './sort-keys.ts'

/** What an index is read from: any bytes with a length. `end` is exclusive. */
export interface IndexBytes {
  readonly size: number
  read(start: number, end: number): Promise<Buffer>
  /** What a frame of zstd between these two holds. */
  unpack(start: number, end: number): Promise<Buffer>
}

/** An entry with its directory key. */
interface KeyedEntry {
  readonly key: string
  readonly entry: IndexEntry
}

/** Blocks whose entries were read lately, of however many indexes. */
export type RecentBlocks = LRUCache<BlockRow, readonly KeyedEntry[]>

/** Entries of recent blocks; each takes about half a kilobyte. */
const RECENT_ENTRIES = 60_000

export function recentBlocks(): RecentBlocks {
  return new LRUCache({ maxSize: RECENT_ENTRIES, sizeCalculation: ({ length }) => length + 1 })
}

/** A directory of a layer's index: reads only the blocks that a question is about. */
export class IndexReader {
  readonly #bytes: IndexBytes
  readonly #rows: readonly BlockRow[]
  readonly #recent: RecentBlocks
  readonly facts: LayerFacts

  private constructor(bytes: IndexBytes, rows: readonly BlockRow[], facts: LayerFacts, recent: RecentBlocks) {
    this.#bytes = bytes
    this.#rows = rows
    this.#recent = recent
    this.facts = facts
  }

  /** Blocks that it has a row of. */
  get blocks(): number {
    return this.#rows.length
  }

  /** Throws TypeError when the bytes are no index of this version. */
  static async open(bytes: IndexBytes, recent = recentBlocks()): Promise<IndexReader> {
    const tail = await bytes.read(Math.max(bytes.size - TAIL_BYTES, 0), bytes.size)
    if (tail.length < TAIL_BYTES || tail.toString('latin1', 24, 32) !== MAGIC)
      throw new TypeError('these bytes are no layer index of this version')
    const at = tail.readDoubleLE(0)
    const [tableLength, factsLength] = [tail.readUInt32LE(8), tail.readUInt32LE(12)]
    const rows = readRows(await bytes.unpack(at, at + tableLength))
    const text = await bytes.read(at + tableLength, at + tableLength + factsLength)
    const facts = layerFactsSchema.parse(JSON.parse(text.toString()))
    return new IndexReader(bytes, rows, facts, recent)
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
      if ((entry.flags & OUTSIDE) !== 0 && entry.order >= order) yield entry
      // The root itself, and the mark that it is opaque, stand among them.
      if ((entry.flags & OUTSIDE) === 0 && entry.name !== '') return
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
    for (let block = this.#firstBlock(key); block < this.#rows.length; block++) {
      const entries = await this.#entriesOf(block)
      for (let at = firstAt(entries, key); at < entries.length; at++) {
        const found = entries[at]
        if (found !== undefined) yield found.entry
      }
    }
  }

  async #entriesOf(block: number): Promise<readonly KeyedEntry[]> {
    const row = this.#rows[block]
    if (row === undefined) return []
    const known = this.#recent.get(row)
    if (known !== undefined) return known
    const entries = readBlock(await this.#bytes.unpack(row.offset, row.offset + row.length))
    this.#recent.set(row, entries)
    return entries
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

function readBlock(bytes: Buffer): KeyedEntry[] {
  const reader = new ByteReader(bytes)
  const entries: KeyedEntry[] = []
  while (!reader.done) {
    const entry = readEntry(reader)
    entries.push({ key: directoryKey(entry), entry })
  }
  return entries
}

/** Where the first entry at or behind `key` is. */
function firstAt(entries: readonly KeyedEntry[], key: string): number {
  let [low, high] = [0, key === '' ? 0 : entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
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
