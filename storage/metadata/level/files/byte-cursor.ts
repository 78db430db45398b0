import { StoreDamaged } from '../../../store-errors.ts'

/** Reads the numbers and strings of LevelDB's files. Throws StoreDamaged behind their end. */
export class ByteCursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A number in sevens of bits, lowest first. */
  varint(): number {
    let [number, factor] = [0, 1]
    for (;;) {
      const [byte = 0] = this.take(1)
      number += (byte & 127) * factor
      if (byte < 128) return number
      factor *= 128
    }
  }

  /** A number of `length` bytes, lowest first. */
  uint(length: number): number {
    return this.take(length).readUIntLE(0, length)
  }

  /** Bytes behind their length. */
  slice(): Buffer {
    return this.take(this.varint())
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new StoreDamaged('it ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
