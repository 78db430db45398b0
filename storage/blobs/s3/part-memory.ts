/** Pieces that memory is handed out in: small enough for a small blob, large enough to be few. */
const BLOCK_BYTES = 128 * 1024

/**
 * The memory of all parts of all uploads in this process. A claim waits for its turn: who waits does not read its
 * socket, and TCP slows its client down. Blocks are used again, so that the process never holds more than the budget.
 */
export class PartMemory {
  readonly #blockBytes: number
  readonly #blocks: number
  readonly #free: Buffer[] = []
  readonly #waiting: { readonly blocks: number; readonly begin: (memory: ClaimedMemory) => void }[] = []
  #claimed = 0

  constructor(bytes: number, blockBytes = BLOCK_BYTES) {
    this.#blockBytes = blockBytes
    this.#blocks = Math.max(1, Math.floor(bytes / blockBytes))
  }

  /** Bytes that one claim can have. */
  get capacity(): number {
    return this.#blocks * this.#blockBytes
  }

  /** Claims that wait for others to be released. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Bytes that are claimed now. */
  get claimedBytes(): number {
    return this.#claimed * this.#blockBytes
  }

  /** Claims room for `bytes`, at most the capacity; in the order of asking, so that no upload starves. */
  claim(bytes: number): Promise<ClaimedMemory> {
    const blocks = Math.min(this.#blocks, Math.max(1, Math.ceil(bytes / this.#blockBytes)))
    return new Promise((resolve) => {
      this.#waiting.push({ blocks, begin: resolve })
      this.#serve()
    })
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#claimed + next.blocks > this.#blocks) return
      this.#waiting.shift()
      this.#claimed += next.blocks
      next.begin(this.#claimOf(next.blocks))
    }
  }

  #claimOf(blocks: number): ClaimedMemory {
    return new ClaimedMemory({
      capacity: blocks * this.#blockBytes,
      block: () => this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes),
      release: (used) => {
        this.#free.push(...used)
        this.#claimed -= blocks
        this.#serve()
      },
    })
  }
}

interface ClaimParts {
  readonly capacity: number
  readonly block: () => Buffer
  readonly release: (used: readonly Buffer[]) => void
}

/** Bytes in claimed memory, in the order in which they came. */
export class ClaimedMemory {
  readonly #parts: ClaimParts
  #blocks: Buffer[] = []
  #length = 0
  #released = false

  constructor(parts: ClaimParts) {
    this.#parts = parts
  }

  get length(): number {
    return this.#length
  }

  get room(): number {
    return this.#parts.capacity - this.#length
  }

  /** Copies as much of `bytes` as there is room for; gives how many that were. */
  take(bytes: Uint8Array): number {
    let taken = 0
    while (taken < bytes.length && this.room > 0) {
      const [block, at] = this.#end()
      const piece = bytes.subarray(taken, taken + block.length - at)
      block.set(piece, at)
      this.#length += piece.length
      taken += piece.length
    }
    return taken
  }

  /** The bytes from the start; can be asked again until `release`. */
  *chunks(): Generator<Uint8Array> {
    let left = this.#length
    for (const block of this.#blocks) {
      yield block.subarray(0, left)
      left -= block.length
    }
  }

  /** Gives the memory back; a second time does nothing. Nobody may read it afterwards. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.#parts.release(this.#blocks)
    this.#blocks = []
    this.#length = 0
  }

  /** The block to go on in, and where. */
  #end(): readonly [Buffer, number] {
    const last = this.#blocks.at(-1)
    if (last !== undefined) {
      const used = this.#length - (this.#blocks.length - 1) * last.length
      if (used < last.length) return [last, used]
    }
    const block = this.#parts.block()
    this.#blocks.push(block)
    return [block, 0]
  }
}
