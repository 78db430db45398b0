import {
  DISTANCE_VALUES,
  FAST_BITS,
  FIXED_DISTANCES,
  FIXED_LITERALS,
  HuffmanCode,
  LITERAL_VALUES,
} from './huffman.ts'

/** Where a block begins: the bit of the packed stream, and the byte of what comes out. */
export interface BlockStart {
  readonly bit: number
  readonly unpacked: number
}

/** What is no deflate stream. */
export class DeflateDamage extends Error {
  override readonly name = 'DeflateDamage'
}

/** Bytes that the longest header of a block, or one symbol, may take. */
const MARGIN = 1024
const FAST_MASK = (1 << FAST_BITS) - 1
/** RFC 1951, 3.2.7: the order in which the lengths of the code length codes stand. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const
const CODE_VALUES = Int32Array.from({ length: 19 }, (_, symbol) => symbol << 4)

type State = 'block' | 'symbols' | 'stored' | 'over'

/**
 * Finds where the blocks of one deflate stream (RFC 1951) begin, while it streams by: reads every code, and makes none
 * of the bytes. Whether they are right is for whoever unpacks them. Throws DeflateDamage.
 */
export class DeflateBlocks {
  readonly #onBlock: (start: BlockStart) => void
  readonly #literals = new HuffmanCode()
  readonly #distances = new HuffmanCode()
  readonly #lengths = new HuffmanCode()
  #state: State = 'block'
  #last = false
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #hold = 0
  #bits = 0
  #stored = 0
  /** Bytes before #bytes in the packed stream. */
  #before: number
  #unpacked: number

  /** `packed` and `unpacked` say where the stream begins. */
  constructor(
    start: { readonly packed: number; readonly unpacked: number },
    onBlock: (start: BlockStart) => void,
  ) {
    this.#before = start.packed
    this.#unpacked = start.unpacked
    this.#onBlock = onBlock
  }

  get unpacked(): number {
    return this.#unpacked
  }

  /** Behind the stream's last block. */
  get isOver(): boolean {
    return this.#state === 'over'
  }

  /**
   * Reads on in `bytes` from `at`, and gives how many bytes are done with: what follows must come again, with more
   * behind it. `final`: nothing will, and zeros stand in for it.
   */
  read(bytes: Buffer, at: number, final: boolean): number {
    const rest = bytes.length - at
    this.#bytes = final ? Buffer.concat([bytes.subarray(at)], rest + MARGIN) : bytes.subarray(at)
    this.#at = 0
    const limit = this.#bytes.length - MARGIN
    while (this.#state !== 'over' && this.#at - (this.#bits >> 3) < limit) this.#step(limit)
    // Whole bytes in the hold are read again.
    const done = this.#at - (this.#bits >> 3)
    if (done > rest) throw new DeflateDamage('a deflate stream is cut short')
    this.#bits &= 7
    this.#hold &= (1 << this.#bits) - 1
    this.#before += done
    this.#bytes = Buffer.alloc(0)
    return done
  }

  #step(limit: number): void {
    if (this.#state === 'block') this.#begin()
    else if (this.#state === 'stored') this.#passStored(limit)
    else if (this.#passSymbols(limit)) this.#end()
  }

  #begin(): void {
    this.#onBlock({ bit: (this.#before + this.#at) * 8 - this.#bits, unpacked: this.#unpacked })
    this.#last = this.#take(1) === 1
    const type = this.#take(2)
    if (type === 0) this.#beginStored()
    else if (type === 3) throw new DeflateDamage('a deflate block has a type that does not exist')
    else {
      if (type === 1) this.#define(FIXED_LITERALS, FIXED_DISTANCES)
      else this.#readCodes()
      this.#state = 'symbols'
    }
  }

  #end(): void {
    this.#state = this.#last ? 'over' : 'block'
    if (!this.#last) return
    // What follows the stream begins with a byte of its own.
    this.#take(this.#bits & 7)
  }

  #beginStored(): void {
    this.#take(this.#bits & 7)
    this.#stored = this.#take(16)
    if ((this.#take(16) ^ 0xffff) !== this.#stored)
      throw new DeflateDamage('a stored deflate block has a wrong length')
    this.#at -= this.#bits >> 3
    this.#bits = 0
    this.#hold = 0
    this.#state = 'stored'
    if (this.#stored === 0) this.#end()
  }

  #passStored(limit: number): void {
    const taken = Math.min(this.#stored, limit - this.#at)
    this.#at += taken
    this.#unpacked += taken
    this.#stored -= taken
    if (this.#stored === 0) this.#end()
  }

  #readCodes(): void {
    const [literals, distances, codes] = [this.#take(5) + 257, this.#take(5) + 1, this.#take(4) + 4]
    const own = new Uint8Array(19)
    for (const symbol of ORDER.slice(0, codes)) own[symbol] = this.#take(3)
    this.#lengths.define(own, CODE_VALUES)
    const lengths = new Uint8Array(literals + distances)
    for (let at = 0; at < lengths.length; ) at = this.#readLength(lengths, at)
    this.#define(lengths.subarray(0, literals), lengths.subarray(literals))
  }

  /** One length, or a repetition of it; gives the place of the next. */
  #readLength(lengths: Uint8Array, at: number): number {
    const symbol = this.#decode(this.#lengths)
    if (symbol < 16) {
      lengths[at] = symbol
      return at + 1
    }
    const repeated = symbol === 16 ? (lengths[at - 1] ?? 0) : 0
    const count = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7)
    if (at + count > lengths.length) throw new DeflateDamage('a deflate block has too many code lengths')
    lengths.fill(repeated, at, at + count)
    return at + count
  }

  #define(literals: Uint8Array, distances: Uint8Array): void {
    this.#literals.define(literals, LITERAL_VALUES)
    this.#distances.define(distances, DISTANCE_VALUES)
  }

  #decode(code: HuffmanCode): number {
    this.#fill()
    const entry = code.fast[this.#hold & FAST_MASK] || decodeSlowly(code, this.#hold)
    this.#drop(entry & 15)
    return entry >> 8
  }

  #take(bits: number): number {
    this.#fill()
    const value = this.#hold & ((1 << bits) - 1)
    this.#drop(bits)
    return value
  }

  #fill(): void {
    while (this.#bits < 25) {
      this.#hold |= (this.#bytes[this.#at++] ?? 0) << this.#bits
      this.#bits += 8
    }
  }

  #drop(bits: number): void {
    this.#hold = (this.#hold >>> bits) | 0
    this.#bits -= bits
  }

  /** All time is spent here, so all that changes is in local variables. Whether the block is over. */
  #passSymbols(limit: number): boolean {
    const [bytes, literals, distances] = [this.#bytes, this.#literals.fast, this.#distances.fast]
    let [at, hold, bits, out] = [this.#at, this.#hold, this.#bits, 0]
    let over = false
    while (at < limit + 4) {
      while (bits < 25) {
        hold |= (bytes[at++] ?? 0) << bits
        bits += 8
      }
      const entry = literals[hold & FAST_MASK] || decodeSlowly(this.#literals, hold)
      const length = entry & 15
      hold = (hold >>> length) | 0
      bits -= length
      const count = entry >> 8
      if (count === 1) {
        out += 1
        continue
      }
      over = count === 0
      if (over) break
      const extra = (entry >> 4) & 15
      out += count + (hold & ((1 << extra) - 1))
      hold = (hold >>> extra) | 0
      bits -= extra
      while (bits < 25) {
        hold |= (bytes[at++] ?? 0) << bits
        bits += 8
      }
      const distance = distances[hold & FAST_MASK] || decodeSlowly(this.#distances, hold)
      const more = distance & 15
      hold = (hold >>> more) | 0
      bits -= more
      while (bits < 25) {
        hold |= (bytes[at++] ?? 0) << bits
        bits += 8
      }
      const skipped = (distance >> 4) & 15
      hold = (hold >>> skipped) | 0
      bits -= skipped
    }
    this.#at = at
    this.#hold = hold
    this.#bits = bits
    this.#unpacked += out
    return over
  }
}

function decodeSlowly(code: HuffmanCode, bits: number): number {
  const entry = code.slow(bits)
  if (entry === 0) throw new DeflateDamage('a deflate block has a code that does not exist')
  return entry
}
