import { paxNumber } from './pax.ts'
import { TarDamage, TarTooLarge } from './tar-damage.ts'
import { BLOCK } from './tar-header.ts'
import { tarNumber } from './tar-number.ts'

/** A stretch of real bytes in a sparse file; what lies between is zero. */
export interface SparseRange {
  readonly offset: number
  readonly length: number
}

/** Ranges of one file that are kept. */
const RANGE_LIMIT = 10_000

/** The ranges in one block of GNU's old form, four in a header and twenty-one in what follows it. */
export function readOldRanges(block: Buffer, start: number, count: number): SparseRange[] {
  const ranges: SparseRange[] = []
  for (let index = 0; index < count; index++) {
    const at = start + index * 24
    if (block[at] === 0) break
    const offset = tarNumber(block, at, at + 12, 'a sparse offset')
    ranges.push({ offset, length: tarNumber(block, at + 12, at + 24, 'a sparse length') })
  }
  return ranges
}

/** `offset,length,…` of version 0.1. Throws TarDamage. */
export function parseRangeList(text: string): SparseRange[] {
  return pairs(text.split(',').map((one) => paxNumber(one, 'GNU.sparse.map')))
}

/** Pairs of numbers as ranges. Throws TarDamage for half a pair. */
export function pairs(numbers: readonly number[]): SparseRange[] {
  if (numbers.length % 2 !== 0) throw new TarDamage('a sparse map has half a range')
  const ranges: SparseRange[] = []
  for (let at = 0; at < numbers.length; at += 2)
    ranges.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 })
  return ranges
}

/** Ranges must follow each other within the file, and hold as much as is stored. Throws TarDamage, TarTooLarge. */
export function checkRanges(ranges: readonly SparseRange[], size: number, stored: number): void {
  if (ranges.length > RANGE_LIMIT) throw new TarTooLarge(`a sparse file has more than ${RANGE_LIMIT} ranges`)
  if (!Number.isSafeInteger(size) || size < 0) throw new TarDamage('a sparse file has no size')
  let end = 0
  let sum = 0
  for (const { offset, length } of ranges) {
    if (![offset, length].every(Number.isSafeInteger))
      throw new TarDamage('a sparse map has no whole numbers')
    if (offset < end || length < 0 || offset + length > size)
      throw new TarDamage('a sparse map is out of order')
    end = offset + length
    sum += length
  }
  if (sum > stored) throw new TarDamage('a sparse map speaks of more bytes than there are')
}

/**
 * The map that version 1.0 puts before the data: lines of decimals, the number of ranges first, filled up to a block.
 */
export class SparseMapReader {
  readonly #blocks: Buffer[] = []
  #lines = 0
  #wanted: number | undefined

  /** Bytes that were read. */
  get length(): number {
    return this.#blocks.length * BLOCK
  }

  /** Takes the next block; gives the ranges with the last one. Throws TarDamage, TarTooLarge. */
  take(block: Buffer): SparseRange[] | undefined {
    this.#blocks.push(Buffer.from(block))
    for (const byte of block) if (byte === 0x0a) this.#lines += 1
    if (this.#lines > 0) this.#wanted ??= 1 + 2 * this.#count()
    if (this.#wanted === undefined || this.#lines < this.#wanted) return undefined
    const lines = this.#text().split('\n', this.#wanted).slice(1)
    return pairs(lines.map((line) => paxNumber(line, 'a sparse map')))
  }

  #count(): number {
    const count = paxNumber(this.#text().split('\n', 1)[0] ?? '', 'a sparse map')
    if (!Number.isSafeInteger(count) || count < 0) throw new TarDamage('a sparse map has no number of ranges')
    if (count > RANGE_LIMIT) throw new TarTooLarge(`a sparse file has more than ${RANGE_LIMIT} ranges`)
    return count
  }

  #text(): string {
    return Buffer.concat(this.#blocks).toString('latin1')
  }
}
