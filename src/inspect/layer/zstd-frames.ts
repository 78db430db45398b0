/** Where a zstd frame is; the next begins at its end. */
export interface ZstdFrame {
  /** Where it begins in the stream. */
  readonly offset: number
  readonly skippable: boolean
  /** Bytes that a decoder must remember; undefined for skippable frames. */
  readonly window: number | undefined
  readonly dictionary: boolean
}

/** What is wrong with a stream of frames. */
export class ZstdDamage extends Error {
  override readonly name = 'ZstdDamage'
}

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

/** Receives a stream in pieces, each of one frame. */
export interface FrameSink {
  begin(frame: ZstdFrame): Promise<void> | void
  bytes(piece: Buffer): Promise<void>
  end(): Promise<void>
}

/**
 * Finds where the frames of a zstd stream end without decoding them (RFC 8878, "Frames"): node's decoder stops at the
 * end of the first. Throws ZstdDamage for what is no frame.
 */
export class ZstdFrames {
  readonly #sink: FrameSink
  #pending: Buffer = Buffer.alloc(0)
  #state: 'magic' | 'block' | 'data' = 'magic'
  /** Bytes that pass on before the next decision. */
  #left = 0
  #lastBlock = false
  #checksum = 0
  #offset = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Between two frames, with nothing begun. */
  get isWhole(): boolean {
    return this.#state === 'magic' && this.#pending.length === 0
  }

  async write(chunk: Buffer): Promise<void> {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (;;) {
      const taken = await this.#take(rest)
      if (taken === 0) break
      this.#offset += taken
      rest = rest.subarray(taken)
      if (rest.length === 0) break
    }
    this.#pending = Buffer.from(rest)
  }

  async #take(bytes: Buffer): Promise<number> {
    if (this.#state === 'data') return this.#pass(bytes)
    return this.#state === 'magic' ? this.#begin(bytes) : this.#block(bytes)
  }

  async #pass(bytes: Buffer): Promise<number> {
    const taken = Math.min(this.#left, bytes.length)
    if (taken > 0) await this.#sink.bytes(bytes.subarray(0, taken))
    this.#left -= taken
    if (this.#left > 0) return taken
    if (this.#lastBlock) {
      this.#state = 'magic'
      await this.#sink.end()
    } else this.#state = 'block'
    return taken
  }

  async #begin(bytes: Buffer): Promise<number> {
    if (bytes.length < 8) return 0
    const magic = bytes.readUInt32LE(0)
    if (magic >= SKIPPABLE && magic <= SKIPPABLE + 15) {
      await this.#sink.begin({ offset: this.#offset, skippable: true, window: undefined, dictionary: false })
      return this.#data(8, bytes.readUInt32LE(4), true)
    }
    if (magic !== MAGIC) throw new ZstdDamage(`no zstd frame begins at byte ${this.#offset}`)
    const header = readHeader(bytes)
    if (header === undefined) return 0
    this.#checksum = header.checksum ? 4 : 0
    await this.#sink.begin({
      offset: this.#offset,
      skippable: false,
      window: header.window,
      dictionary: header.dictionary,
    })
    await this.#sink.bytes(bytes.subarray(0, header.length))
    this.#state = 'block'
    return header.length
  }

  async #block(bytes: Buffer): Promise<number> {
    if (bytes.length < 3) return 0
    const head = bytes.readUIntLE(0, 3)
    const type = (head >> 1) & 3
    if (type === 3) throw new ZstdDamage(`a reserved block at byte ${this.#offset}`)
    const last = (head & 1) === 1
    const size = type === 1 ? 1 : head >> 3
    await this.#sink.bytes(bytes.subarray(0, 3))
    return this.#data(3, size + (last ? this.#checksum : 0), last)
  }

  /** `taken` bytes were read and `left` more belong to them. An empty rest ends what they are of at the next look. */
  async #data(taken: number, left: number, last: boolean): Promise<number> {
    this.#state = 'data'
    this.#left = left
    this.#lastBlock = last
    if (left === 0) await this.#pass(Buffer.alloc(0))
    return taken
  }
}

function readHeader(bytes: Buffer) {
  const descriptor = bytes.readUInt8(4)
  const single = (descriptor & 0x20) !== 0
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const length = 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes
  if (bytes.length < length) return undefined
  const dictionary =
    dictionaryBytes > 0 &&
    bytes.subarray(length - sizeBytes - dictionaryBytes, length - sizeBytes).some(Boolean)
  const content = sizeBytes === 0 ? 0 : contentSize(bytes.subarray(length - sizeBytes, length))
  const window = single ? content : windowSize(bytes.readUInt8(5))
  return { length, window, dictionary, checksum: (descriptor & 4) !== 0 }
}

function contentSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE())
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0)
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >> 3))
  return base + (base / 8) * (byte & 7)
}
