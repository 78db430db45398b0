import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { digestFromBytes } from '../../oci/digest.ts'
import { systemCode } from '../../system-code.ts'
import { TarDamage, TarTooLarge } from '../tar/tar-damage.ts'
import { type TarEnd, TarWalker } from '../tar/tar-walker.ts'
import { TreeBuilder, type TreeEntry } from './build-tree.ts'
import { ByteWriter } from './bytes.ts'
import { openInPlace } from './decoder-in-place.ts'
import { EncodedEntry } from './encoded-entry.ts'
import { writeEntry } from './entry-codec.ts'
import { ExternalSort } from './external-sort.ts'
import { type DirectoryTotals, FLAG, type IndexEntry, OUTSIDE } from './index-entry.ts'
import { IndexWriter } from './index-writer.ts'
import type { LayerFacts } from './layer-facts.ts'
import { OwnLinks } from './own-links.ts'
import { placeEntry } from './place-entries.ts'
import { DepthFirstKeys, directoryKey } from './sort-keys.ts'
import { createUnpacker, OutputGuard, SNIFF_BYTES, type Unpacker } from './unpack.ts'
import { type LayerLimits, LayerVerdict, type Verdict } from './verdict.ts'

/** Bytes of entries before they are compressed, for each byte that an index may have: files on the disk, meanwhile. */
const SORTED = 8

/** How the reading of a layer ended. A layer that broke off has an index of what came before. */
export interface IndexedLayer {
  readonly verdict: Verdict | undefined
  readonly reason: string | undefined
  readonly facts: LayerFacts
}

/**
 * Reads a layer as it streams by and writes its index to a file. Needs memory for two sorts, one decoder and the links
 * that are kept in mind, whatever the layer holds; the rest goes to files in the same directory. For worker threads: it
 * waits for the disk.
 */
export class LayerIndexing {
  readonly #directory: string
  readonly #limits: LayerLimits
  readonly #guard: OutputGuard
  readonly #diff = createHash('sha256')
  readonly #byPath: ExternalSort
  readonly #byDirectory: ExternalSort
  readonly #keys = new DepthFirstKeys()
  readonly #links = new OwnLinks()
  readonly #writer = new ByteWriter()
  readonly #walker: TarWalker
  #unpacker: Unpacker | undefined
  #head: Buffer = Buffer.alloc(0)
  #failure: LayerVerdict | undefined
  #trailing: string | undefined
  #entries = 0
  #whiteouts = 0
  /** Bytes of the entries that were put into order. */
  #listed = 0

  /** `directory` is empty and belongs to this layer alone. */
  constructor(directory: string, limits: LayerLimits) {
    this.#directory = directory
    this.#limits = limits
    this.#guard = new OutputGuard(limits)
    this.#byPath = new ExternalSort(directory, 'path')
    this.#byDirectory = new ExternalSort(directory, 'directory')
    this.#walker = new TarWalker({
      entryLimit: limits.entries,
      onEntry: (entry) => this.#take(placeEntry(entry, this.#entries++, this.#links)),
    })
  }

  /** Whether more bytes would change anything. */
  get isOver(): boolean {
    return this.#failure !== undefined
  }

  async write(chunk: Buffer): Promise<void> {
    this.#guard.taken(chunk.length)
    if (this.#failure !== undefined || this.#trailing !== undefined) return
    await this.#judging(async () => {
      if (this.#unpacker !== undefined) return this.#unpacker.write(chunk)
      this.#head = Buffer.concat([this.#head, chunk])
      if (this.#head.length >= SNIFF_BYTES) await this.#begin()
    })
  }

  /** Ends the layer; the index is in the file `path`. */
  async end(): Promise<IndexedLayer> {
    await this.#judging(async () => {
      if (this.#unpacker === undefined && this.#head.length > 0) await this.#begin()
      await this.#unpacker?.end()
    })
    const end = this.#endWalk()
    const totals = this.#writeIndex()
    const facts: LayerFacts = {
      compression: this.#unpacker?.compression ?? 'none',
      ...(this.#failure === undefined && { diffId: digestFromBytes('sha256', this.#diff.digest()) }),
      unpacked: this.#guard.unpacked,
      entries: this.#entries,
      ...totals.sums,
      whiteouts: this.#whiteouts,
      warnings: this.#warnings(end),
    }
    totals.writer.finish(facts)
    return { verdict: this.#failure?.verdict, reason: this.#failure?.message, facts }
  }

  get path(): string {
    return join(this.#directory, 'index')
  }

  async #begin(): Promise<void> {
    const head = this.#head
    this.#head = Buffer.alloc(0)
    this.#unpacker = createUnpacker(head, (unpacked) => this.#unpacked(unpacked), { open: openInPlace })
    await this.#unpacker.write(head)
  }

  #unpacked(bytes: Buffer): void {
    this.#guard.given(bytes.length)
    this.#diff.update(bytes)
    this.#walker.write(bytes)
  }

  /** Whatever stops the reading becomes the layer's verdict, except what is no fault of the layer. */
  async #judging(read: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return
    try {
      await read()
    } catch (error) {
      if (isTrailingGarbage(error) && this.#walkIsOver())
        this.#trailing = 'bytes that are not gzip follow the last member'
      else this.#failure = verdictOf(error, this.#walker.offset)
    }
  }

  #walkIsOver(): boolean {
    try {
      return this.#walker.end().marked
    } catch (error) {
      if (error instanceof TarDamage) return false
      throw error
    }
  }

  #endWalk(): TarEnd | undefined {
    try {
      return this.#walker.end()
    } catch (error) {
      this.#failure ??= verdictOf(error, this.#walker.offset)
      return undefined
    }
  }

  #warnings(end: TarEnd | undefined): string[] {
    return [
      ...(this.#trailing === undefined ? [] : [this.#trailing]),
      ...(end?.marked === false && end.entries > 0 && this.#failure === undefined
        ? ['the archive has no end mark']
        : []),
      ...((end?.trailing ?? 0) > 0
        ? [`${end?.trailing} bytes that are not zero follow the end of the archive`]
        : []),
      ...(end?.warnings ?? []),
      ...(this.#links.isFull
        ? ['it has more symbolic links than are followed: what lies below the others is where its name says']
        : []),
    ]
  }

  #take(entry: IndexEntry): void {
    this.#links.put(entry)
    if (entry.kind === 'whiteout' || entry.kind === 'opaque') this.#whiteouts += 1
    const encoded = this.#encode(entry)
    this.#listed += encoded.length
    if (this.#isFull) throw this.#tooLong()
    if ((entry.flags & OUTSIDE) !== 0) this.#byDirectory.add(directoryKey(entry), encoded)
    else this.#byPath.add(this.#keys.of(entry), encoded)
  }

  get #isFull(): boolean {
    return this.#listed > SORTED * this.#limits.index
  }

  #tooLong(): LayerVerdict {
    return new LayerVerdict('too-large', `its index would be longer than ${this.#limits.index} bytes`)
  }

  #encode(entry: IndexEntry): Buffer {
    writeEntry(this.#writer, entry)
    return this.#writer.take()
  }

  #writeIndex() {
    let sums: DirectoryTotals = { files: 0, bytes: 0 }
    const tree = new TreeBuilder((entry: TreeEntry) => {
      if (!(entry instanceof EncodedEntry) && isRoot(entry)) sums = entry.totals ?? sums
      const encoded = entry instanceof EncodedEntry ? entry.bytes : this.#encode(entry)
      this.#listed += encoded.length
      this.#byDirectory.add(directoryKey(entry), encoded)
    })
    this.#listed = 0
    for (const { value } of this.#byPath.sorted()) {
      tree.add(new EncodedEntry(Buffer.from(value)))
      // A few names can imply more directories than any disk holds.
      if (!this.#isFull) continue
      this.#failure ??= this.#tooLong()
      break
    }
    tree.end()
    const writer = new IndexWriter(this.path)
    for (const { key, value } of this.#byDirectory.sorted()) {
      if (writer.length > this.#limits.index) {
        this.#failure ??= this.#tooLong()
        break
      }
      writer.add(key, value)
    }
    return { writer, sums }
  }
}

function isRoot({ parent, name, kind, flags }: IndexEntry): boolean {
  return parent === '' && name === '' && kind === 'dir' && (flags & (FLAG.overridden | OUTSIDE)) === 0
}

function isTrailingGarbage(error: unknown): boolean {
  return (
    error instanceof Error &&
    systemCode(error) === 'Z_DATA_ERROR' &&
    error.message === 'incorrect header check'
  )
}

function verdictOf(error: unknown, offset: number): LayerVerdict {
  if (error instanceof LayerVerdict) return error
  if (error instanceof TarDamage && offset === 0)
    return new LayerVerdict('unsupported', `what it unpacks to is no tar archive: ${error.message}`, error)
  if (!(error instanceof Error)) throw error
  if (error instanceof TarTooLarge) return new LayerVerdict('too-large', error.message, error)
  if (error instanceof TarDamage)
    return new LayerVerdict('damaged', `${error.message} (at byte ${offset} of the unpacked layer)`, error)
  const code = systemCode(error) ?? ''
  if (/window/i.test(code))
    return new LayerVerdict('unsupported', 'its zstd frames need more memory than is given', error)
  if (code.startsWith('Z_') || code.startsWith('ZSTD_') || error.name === 'ZstdDamage')
    return new LayerVerdict(
      'damaged',
      `${error.message} (behind byte ${offset} of the unpacked layer)`,
      error,
    )
  throw error
}
