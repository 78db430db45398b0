import { closeSync, openSync, writeSync } from 'node:fs'
import { constants, zstdCompressSync } from 'node:zlib'
import { ByteWriter } from './bytes.ts'
import { BLOCK_BYTES, type BlockRow, KEY_LIMIT, MAGIC, TAIL_BYTES } from './index-file.ts'
import type { LayerFacts } from './layer-facts.ts'

/** Fast, and already six times smaller: paths and owners repeat. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Writes the file of a layer's index, entries in the order of their directory keys. For worker threads. */
export class IndexWriter {
  readonly #file: number
  readonly #rows: BlockRow[] = []
  readonly #writer = new ByteWriter()
  #offset = 0
  #firstKey = ''
  #entries = 0

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
    this.#write(Buffer.from(MAGIC))
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#offset
  }

  /** Takes an entry by its directory key and as writeEntry wrote it. */
  add(key: string, entry: Buffer): void {
    if (this.#entries === 0) this.#firstKey = key.slice(0, KEY_LIMIT)
    this.#writer.bytes(entry)
    this.#entries += 1
    if (this.#writer.length >= BLOCK_BYTES) this.#flush()
  }

  /** Writes what comes behind the blocks, and closes the file. */
  finish(facts: LayerFacts): void {
    this.#flush()
    const table = new ByteWriter()
    for (const { firstKey, offset, length, entries } of this.#rows) {
      table.text(firstKey)
      table.uint(offset)
      table.uint(length)
      table.uint(entries)
    }
    const tableBytes = zstdCompressSync(table.take(), COMPRESSION)
    const factBytes = Buffer.from(JSON.stringify(facts))
    const tail = Buffer.alloc(TAIL_BYTES)
    tail.writeDoubleLE(this.#offset, 0)
    tail.writeUInt32LE(tableBytes.length, 8)
    tail.writeUInt32LE(factBytes.length, 12)
    tail.write(MAGIC, 24)
    for (const part of [tableBytes, factBytes, tail]) this.#write(part)
    closeSync(this.#file)
  }

  #flush(): void {
    if (this.#entries === 0) return
    const block = zstdCompressSync(this.#writer.take(), COMPRESSION)
    this.#rows.push({
      firstKey: this.#firstKey,
      offset: this.#offset,
      length: block.length,
      entries: this.#entries,
    })
    this.#write(block)
    this.#entries = 0
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#offset += bytes.length
  }
}
