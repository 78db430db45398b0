/**
 * node:zlib begins a deflate stream at a whole byte, and a block may begin at any bit. Blocks that hold nothing fill the
 * difference: one with fixed codes is 10 bits long, which leads to every even bit, one with its own codes 93.
 */
export function alignment(bit: number): Bits {
  const bits = new Bits()
  if (bit % 2 === 1) emptyDynamicBlock(bits)
  while (bits.length % 8 !== bit) emptyFixedBlock(bits)
  return bits
}

/** Bits in the order of deflate: the lowest of each byte first. */
export class Bits {
  readonly #bits: number[] = []

  get length(): number {
    return this.#bits.length
  }

  /** A number, its lowest bit first. */
  put(value: number, length: number): void {
    for (let bit = 0; bit < length; bit++) this.#bits.push((value >> bit) & 1)
  }

  /** The bytes, of which the last may not be full: its other bits are those of `last`. */
  join(last: number): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.length / 8))
    for (const [at, bit] of this.#bits.entries())
      bytes.writeUInt8(bytes.readUInt8(at >> 3) | (bit << (at & 7)), at >> 3)
    if (this.length % 8 === 0) return Buffer.concat([bytes, Buffer.of(last)])
    const own = bytes.length - 1
    bytes.writeUInt8(bytes.readUInt8(own) | (last & (0xff << (this.length % 8)) & 0xff), own)
    return bytes
  }
}

/** Not the last, fixed codes, and the end of the block: seven zeros. */
function emptyFixedBlock(bits: Bits): void {
  bits.put(0b010, 3)
  bits.put(0, 7)
}

/** Codes of code lengths in the order of RFC 1951, 3.2.7: 18 has two bits, 0 has two, 1 has one. */
const CODE_LENGTHS = [0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

function emptyDynamicBlock(bits: Bits): void {
  bits.put(0b100, 3)
  bits.put(0, 5)
  bits.put(0, 5)
  bits.put(CODE_LENGTHS.length - 4, 4)
  for (const length of CODE_LENGTHS) bits.put(length, 3)
  // No code for 138 and 118 symbols, one bit for the end of the block, none for distances. 1 is 0, 0 is 10, 18 is 11.
  bits.put(0b11, 2)
  bits.put(138 - 11, 7)
  bits.put(0b11, 2)
  bits.put(118 - 11, 7)
  bits.put(0, 1)
  bits.put(0b01, 2)
  // The end of the block.
  bits.put(0, 1)
}
