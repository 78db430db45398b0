import { createHash, type Hash } from 'node:crypto'
import { type Draft, draftEntry } from './entry-draft.ts'
import { type PaxRecords, parsePax } from './pax.ts'
import { EMPTY_SHA256, sha256Of } from './sha256.ts'
import { checkRanges, readOldRanges, SparseMapReader, type SparseRange } from './sparse.ts'
import { TarDamage, TarTooLarge } from './tar-damage.ts'
import type { TarEntry } from './tar-entry.ts'
import { BLOCK, parseHeader, type TarHeader } from './tar-header.ts'
import { tarNumber } from './tar-number.ts'

/** Bytes that an extended header, long name or sparse map may have. */
const META_LIMIT = 1024 * 1024
/** Bytes of a file up to which it is hashed in one piece. */
const SMALL = 64 * 1024

export interface TarWalk {
  /** Called for each entry, once its content has passed. */
  readonly onEntry: (entry: TarEntry) => void
  /** Entries after which the walk ends with TarTooLarge. */
  readonly entryLimit: number
}

/** What is known when the archive is over. */
export interface TarEnd {
  readonly entries: number
  /** It ended with two zero blocks, as it should. */
  readonly marked: boolean
  /** Bytes behind the end that are not zero. */
  readonly trailing: number
  readonly warnings: readonly string[]
}

/** What came before an entry's own header. */
interface Before {
  offset: number | undefined
  pax: PaxRecords
  longName?: string | undefined
  longLink?: string | undefined
}

type State = 'header' | 'meta' | 'extension' | 'map' | 'content' | 'padding' | 'over'

/**
 * Reads an archive as it streams by, with memory for one header: names as raw bytes, long names, extended headers and
 * sparse files of GNU and POSIX, the place of every header and content, and the digest of each content. Ends where Go's
 * reader ends, which docker and containerd unpack with. Throws TarDamage, TarTooLarge; entries before that stand.
 */
export class TarWalker {
  readonly #walk: TarWalk
  readonly #warnings: string[] = []
  #globals = false
  #state: State = 'header'
  /** Bytes of the archive before the chunk that is being read. */
  #passed = 0
  #entries = 0
  #trailing = 0
  #zeroBlocks = 0
  /** What is here of a block, a small record or a small file that several chunks hold; and how much a block needs. */
  #gathered: Buffer[] = []
  #missing = BLOCK
  #metaType = ''
  #header: TarHeader | undefined
  #draft: Draft | undefined
  #old: { size: number; ranges: SparseRange[] } | undefined
  #map: SparseMapReader | undefined
  #before: Before = { offset: undefined, pax: [] }
  #contentOffset = 0
  #contentLeft = 0
  #paddingLeft = 0
  #hash: Hash | undefined

  constructor(walk: TarWalk) {
    this.#walk = walk
  }

  /** Bytes that have passed. */
  get offset(): number {
    return this.#passed
  }

  write(chunk: Buffer): void {
    const start = this.#passed
    let at = 0
    while (at < chunk.length) {
      this.#passed = start + at
      at += this.#take(chunk, at)
    }
    this.#passed = start + chunk.length
  }

  /** Throws TarDamage when the archive ends inside an entry. */
  end(): TarEnd {
    const isBetween = this.#state === 'header' && this.#gathered.length === 0
    // What fills the last block of the last file up is no loss.
    if (!isBetween && this.#state !== 'padding' && this.#state !== 'over')
      throw new TarDamage('the archive ends inside an entry')
    const { longName, longLink, pax } = this.#before
    if (longName !== undefined || longLink !== undefined || pax.length > 0)
      this.#warnings.push('the archive ends with an extended header that belongs to nothing')
    return {
      entries: this.#entries,
      marked: this.#state === 'over',
      trailing: this.#trailing,
      warnings: this.#warnings,
    }
  }

  /** Reads what it can at `at`; gives the number of bytes. */
  #take(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'content':
        return this.#takeContent(chunk, at)
      case 'padding': {
        const taken = Math.min(this.#paddingLeft, chunk.length - at)
        this.#paddingLeft -= taken
        if (this.#paddingLeft === 0) this.#expectHeader()
        return taken
      }
      case 'over': {
        for (let index = at; index < chunk.length; index++) if (chunk[index] !== 0) this.#trailing += 1
        return chunk.length - at
      }
      case 'header':
      case 'meta':
      case 'extension':
      case 'map':
        return this.#gather(chunk, at)
    }
  }

  /** Whole blocks are read where they stand; only those that cross chunks are copied. */
  #gather(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#missing, chunk.length - at)
    const piece = chunk.subarray(at, at + taken)
    this.#missing -= taken
    if (this.#missing > 0) {
      this.#gathered.push(Buffer.from(piece))
      return taken
    }
    const whole = this.#whole(piece)
    this.#missing = BLOCK
    const end = this.#passed + taken
    if (this.#state === 'header') this.#takeHeader(whole, end)
    else if (this.#state === 'meta') this.#takeMeta(whole)
    else if (this.#state === 'extension') this.#takeExtension(whole, end)
    else this.#takeMap(whole, end)
    return taken
  }

  /** The last piece, behind those that other chunks held. */
  #whole(piece: Buffer): Buffer {
    if (this.#gathered.length === 0) return piece
    const whole = Buffer.concat([...this.#gathered, piece])
    this.#gathered = []
    return whole
  }

  #expectHeader(): void {
    this.#state = 'header'
    this.#missing = BLOCK
  }

  #takeHeader(block: Buffer, end: number): void {
    const header = parseHeader(block)
    if (header === undefined) {
      this.#zeroBlocks += 1
      if (this.#zeroBlocks === 2) this.#state = 'over'
      return
    }
    if (this.#zeroBlocks > 0) throw new TarDamage('a zero block is followed by one that is not')
    this.#before.offset ??= end - BLOCK
    if ('xXgLK'.includes(header.type)) this.#expectMeta(header)
    else if (header.type === 'S') this.#beginOldSparse(header, block, end)
    else this.#beginEntry(header, end)
  }

  /** Extended headers and long names; what fills their last block up belongs to them. */
  #expectMeta(header: TarHeader): void {
    if (header.size > META_LIMIT)
      throw new TarDamage(`an extended header or long name has ${header.size} bytes; ${META_LIMIT} are read`)
    this.#metaType = header.type
    this.#header = header
    this.#missing = Math.ceil(header.size / BLOCK) * BLOCK
    if (this.#missing === 0) this.#takeMeta(Buffer.alloc(0))
    else this.#state = 'meta'
  }

  #takeMeta(blocks: Buffer): void {
    const bytes = blocks.subarray(0, this.#header?.size ?? 0)
    this.#expectHeader()
    if (this.#metaType === 'g') this.#takeGlobals(parsePax(bytes))
    else if (this.#metaType === 'L') this.#before.longName = untilNul(bytes)
    else if (this.#metaType === 'K') this.#before.longLink = untilNul(bytes)
    else this.#before.pax = parsePax(bytes)
  }

  /** Go's reader gives them away as entries that no engine unpacks; what came before them belongs to nothing then. */
  #takeGlobals(records: PaxRecords): void {
    this.#before = { offset: undefined, pax: [] }
    if (this.#globals || records.every(([key]) => key === 'comment')) return
    this.#globals = true
    this.#warnings.push(
      'it has global headers, which programs that run containers leave out and others read, such as GNU tar',
    )
  }

  #beginOldSparse(header: TarHeader, block: Buffer, end: number): void {
    this.#header = header
    this.#old = {
      size: tarNumber(block, 483, 495, 'a real size'),
      ranges: readOldRanges(block, 386, 4),
    }
    this.#state = 'extension'
    if (block[482] !== 1) this.#beginEntry(header, end)
  }

  #takeExtension(block: Buffer, end: number): void {
    this.#old?.ranges.push(...readOldRanges(block, 0, 21))
    checkRanges(this.#old?.ranges ?? [], Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    if (block[504] !== 1 && this.#header !== undefined) this.#beginEntry(this.#header, end)
  }

  #beginEntry(header: TarHeader, end: number): void {
    if (this.#entries === this.#walk.entryLimit)
      throw new TarTooLarge(`the archive has more than ${this.#entries} entries`)
    this.#entries += 1
    const { offset = 0, pax, longName, longLink } = this.#before
    this.#before = { offset: undefined, pax: [] }
    this.#draft = draftEntry(header, { offset, pax, longName, longLink })
    const { stored, mapInData } = this.#draft
    this.#paddingLeft = (BLOCK - (stored % BLOCK)) % BLOCK
    this.#contentOffset = end
    this.#contentLeft = stored
    if (!mapInData) return this.#beginContent()
    this.#state = 'map'
    this.#map = new SparseMapReader()
  }

  /** Version 1.0 begins with its map; what is read of it counts as content, too. */
  #takeMap(block: Buffer, end: number): void {
    this.#contentLeft -= BLOCK
    const ranges = this.#map?.take(block)
    if (this.#contentLeft < 0 || (this.#map?.length ?? 0) > META_LIMIT)
      throw new TarDamage('a sparse map is longer than what is stored')
    if (ranges === undefined || this.#draft === undefined) return
    this.#map = undefined
    const { entry } = this.#draft
    this.#draft = { ...this.#draft, entry: { ...entry, sparse: ranges, stored: this.#contentLeft } }
    this.#contentOffset = end
    this.#beginContent()
  }

  #beginContent(): void {
    this.#state = 'content'
    // Most files are small, and a hash object for each would cost more than their bytes.
    this.#hash = this.#contentLeft > SMALL ? createHash('sha256') : undefined
    if (this.#contentLeft === 0) this.#finish(EMPTY_SHA256)
  }

  #takeContent(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#contentLeft, chunk.length - at)
    const piece = chunk.subarray(at, at + taken)
    this.#contentLeft -= taken
    const isWhole = this.#contentLeft === 0
    if (this.#hash === undefined) {
      if (isWhole) this.#finish(sha256Of(this.#whole(piece)))
      else this.#gathered.push(Buffer.from(piece))
      return taken
    }
    this.#hash.update(piece)
    if (isWhole) this.#finish(this.#hash.digest())
    return taken
  }

  #finish(sha256: Buffer): void {
    const { entry } = this.#draft ?? {}
    if (entry === undefined) throw new TypeError('content without an entry')
    const old = this.#old
    this.#old = undefined
    const { size = entry.size, ranges = entry.sparse } = old ?? {}
    if (ranges !== undefined) checkRanges(ranges, size, entry.stored)
    if (this.#paddingLeft > 0) this.#state = 'padding'
    else this.#expectHeader()
    const hashed = entry.type === 'file' ? sha256 : undefined
    this.#walk.onEntry({
      ...entry,
      size,
      sparse: ranges,
      sha256: hashed,
      contentOffset: this.#contentOffset,
    })
  }
}

/** Undefined when there is none. */
function untilNul(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end) || undefined
}
