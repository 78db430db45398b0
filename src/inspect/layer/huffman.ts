/** Bits that one look at a table decides. Longer codes are rare, and decided bit by bit. */
export const FAST_BITS = 10
const MAX_BITS = 15

/** A code of deflate (RFC 1951, 3.2.2) as tables. */
export class HuffmanCode {
  /** By the next FAST_BITS bits: `value << 8 | extra << 4 | bits`; 0: a longer code, or none. */
  readonly fast = new Int32Array(1 << FAST_BITS)
  readonly #values = new Int32Array(320)
  readonly #counts = new Int32Array(MAX_BITS + 1)
  readonly #next = new Int32Array(MAX_BITS + 1)

  /** Takes the lengths of the codes of symbols 0, 1, …; `values` says what each means, as `value << 4 | extra`. */
  define(lengths: Uint8Array, values: Int32Array): void {
    this.#counts.fill(0)
    for (const length of lengths) this.#counts[length] = (this.#counts[length] ?? 0) + 1
    this.#counts[0] = 0
    this.#sort(lengths, values)
    this.fast.fill(0)
    let code = 0
    let index = 0
    for (let bits = 1; bits <= FAST_BITS; bits++) {
      for (let left = this.#counts[bits] ?? 0; left > 0; left--) {
        this.#fill(code, bits, this.#values[index++] ?? 0)
        code += 1
      }
      code <<= 1
    }
  }

  /** Decides on the next 15 bits; as in `fast`, 0 when they begin with no code. */
  slow(bits: number): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= (bits >> (length - 1)) & 1
      const count = this.#counts[length] ?? 0
      if (code - first < count) return ((this.#values[index + code - first] ?? 0) << 4) | length
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return 0
  }

  /** Values in the order of their codes: by length, then by symbol. */
  #sort(lengths: Uint8Array, values: Int32Array): void {
    let sum = 0
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      this.#next[bits] = sum
      sum += this.#counts[bits] ?? 0
    }
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const bits = lengths[symbol] ?? 0
      if (bits === 0) continue
      const at = this.#next[bits] ?? 0
      this.#values[at] = values[symbol] ?? 0
      this.#next[bits] = at + 1
    }
  }

  /** Codes stand in the stream with their highest bit first, everything else with its lowest. */
  #fill(code: number, bits: number, value: number): void {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((code >> bit) & 1) << (bits - 1 - bit)
    for (let at = reversed; at < this.fast.length; at += 1 << bits) this.fast[at] = (value << 4) | bits
  }
}

const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

/** What the symbols of literals and lengths mean: how many bytes come out. 0: the block's end; 1: a literal. */
export const LITERAL_VALUES = literalValues()

/** A distance tells how many more bits belong to it; where it leads is nothing to us. */
export const DISTANCE_VALUES = Int32Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1))

/** RFC 1951, 3.2.6. */
export const FIXED_LITERALS = Uint8Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
)
export const FIXED_DISTANCES = new Uint8Array(30).fill(5)

function literalValues(): Int32Array {
  const values = new Int32Array(288)
  values.fill(1 << 4, 0, 256)
  let base = 3
  for (const [index, extra] of LENGTH_EXTRA.entries()) {
    values[257 + index] = ((index === 28 ? 258 : base) << 4) | extra
    base += 1 << extra
  }
  return values
}
