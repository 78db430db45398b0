/** Writes numbers and texts one behind the other into memory that grows. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(4096)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** A whole number from 0 to 2^53-1: seven bits a byte, the lowest first. */
  uint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
  }

  int(value: number): void {
    this.uint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  /** A text of raw bytes (latin1), with its length. */
  text(value: string): void {
    this.uint(value.length)
    // Most texts of an entry are empty, and a call into node for nothing costs as much as for something.
    if (value === '') return
    this.#reserve(value.length)
    this.#length += this.#buffer.write(value, this.#length, 'latin1')
  }

  bytes(value: Buffer): void {
    this.#reserve(value.length)
    this.#length += value.copy(this.#buffer, this.#length)
  }

  /** What was written, until the next write; the writer begins anew. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length)
    this.#length = 0
    return taken
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Reads what a ByteWriter wrote. Throws RangeError when it ends early. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get done(): boolean {
    return this.#at >= this.#buffer.length
  }

  uint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#buffer.readUInt8(this.#at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
  }

  int(): number {
    const value = this.uint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  double(): number {
    const value = this.#buffer.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  text(): string {
    const length = this.uint()
    if (length === 0) return ''
    const start = this.#at
    this.#skip(length)
    return this.#buffer.toString('latin1', start, this.#at)
  }

  bytes(length: number): Buffer {
    const start = this.#at
    this.#skip(length)
    return this.#buffer.subarray(start, this.#at)
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#buffer.length) throw new RangeError('the bytes end before their content')
  }
}
