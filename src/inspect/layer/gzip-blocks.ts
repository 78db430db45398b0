import { type BlockStart, DeflateBlocks, DeflateDamage } from './deflate-blocks.ts'

/** A place where reading can begin. Those at the start of a member or frame need nothing of what came before. */
export interface Start extends BlockStart {
  readonly kind: 'member' | 'block'
}

const MAGIC = 0x1f8b
const TRAILER_BYTES = 8
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const

type Part = 'fixed' | 'extra' | 'text' | 'skip' | 'deflate' | 'over'

/**
 * Finds the members of a gzip stream (RFC 1952) and the blocks in each, while it streams by. Ends at what is no member.
 * Throws DeflateDamage.
 */
export class GzipBlocks {
  readonly #onStart: (start: Start) => void
  #rest: Buffer = Buffer.alloc(0)
  #part: Part = 'fixed'
  /** What follows the fixed header, and comes after what is being read. */
  #next: Part[] = []
  #skip = 0
  #packed = 0
  #unpacked = 0
  #deflate: DeflateBlocks | undefined

  constructor(onStart: (start: Start) => void) {
    this.#onStart = onStart
  }

  get unpacked(): number {
    return this.#unpacked
  }

  /** Takes what comes next; gives what was read of it and of what came before: an unpacker may have that, and no more. */
  write(chunk: Buffer, final = false): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const taken = this.#part === 'over' ? bytes.length - at : this.#take(bytes, at, final)
      at += taken
      this.#packed += taken
      if (taken === 0 || (at === bytes.length && this.#part !== 'deflate')) break
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return bytes.subarray(0, at)
  }

  #take(bytes: Buffer, at: number, final: boolean): number {
    const left = bytes.length - at
    switch (this.#part) {
      case 'fixed':
        return this.#takeFixed(bytes, at, final)
      case 'extra':
        if (left < 2) return 0
        this.#skip = bytes.readUInt16LE(at)
        this.#part = 'skip'
        return 2
      case 'text': {
        const end = bytes.indexOf(0, at)
        if (end >= 0) this.#advance()
        return end < 0 ? left : end + 1 - at
      }
      case 'skip': {
        const taken = Math.min(this.#skip, left)
        this.#skip -= taken
        if (this.#skip === 0) this.#advance()
        return taken
      }
      case 'deflate':
        return this.#takeDeflate(bytes, at, final)
      case 'over':
        return left
    }
  }

  #takeFixed(bytes: Buffer, at: number, final: boolean): number {
    if (bytes.length - at < 10) {
      if (final) this.#part = 'over'
      return 0
    }
    if (bytes.readUInt16BE(at) !== MAGIC) {
      this.#part = 'over'
      return 0
    }
    this.#onStart({ kind: 'member', bit: this.#packed * 8, unpacked: this.#unpacked })
    const flags = bytes.readUInt8(at + 3)
    const has = (flag: keyof typeof FLAG): boolean => (flags & FLAG[flag]) !== 0
    this.#next = [
      ...(has('extra') ? (['extra'] as const) : []),
      ...(has('name') ? (['text'] as const) : []),
      ...(has('comment') ? (['text'] as const) : []),
    ]
    this.#skip = has('headerCrc') ? 2 : 0
    if (this.#skip > 0) this.#next.push('skip')
    this.#advance()
    return 10
  }

  #advance(): void {
    this.#part = this.#next.shift() ?? (this.#deflate === undefined ? 'deflate' : 'fixed')
    if (this.#part === 'skip') this.#skip = 2
    if (this.#part === 'fixed') this.#deflate = undefined
  }

  #takeDeflate(bytes: Buffer, at: number, final: boolean): number {
    const begin = { packed: this.#packed, unpacked: this.#unpacked }
    const deflate = (this.#deflate ??= new DeflateBlocks(begin, (start) =>
      this.#onStart({ kind: 'block', ...start }),
    ))
    const taken = deflate.read(bytes, at, final)
    this.#unpacked = deflate.unpacked
    if (deflate.isOver) {
      this.#part = 'skip'
      this.#skip = TRAILER_BYTES
    } else if (final) throw new DeflateDamage('a deflate stream is cut short')
    return taken
  }
}
