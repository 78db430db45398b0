/** Says what of a database cannot be read. */
export class NoDatabase extends Error {}

const HEAD = 100
const MAGIC = 'SQLite format 3\0'
const LEAF = 13
const INTERIOR = 5
/** Rows that are read: damaged pages may hold the same ones over and over. */
const ROWS = 100_000
/** Pages from the root of a table to a leaf: a tree of more is none that SQLite made. */
const DEEP = 20
/** Columns of a row that are read; SQLite's own list of tables has that many. */
const COLUMNS = 5
/** Bytes of a whole number that a number of JavaScript holds. */
const WHOLE = 6

/** A row: what its columns hold that are texts or blobs; undefined for anything else. */
export type Row = readonly (Buffer | undefined)[]

/**
 * The rows of one table of a SQLite database, read from its bytes alone: it may be anyone's, and an engine would run what
 * is written in it. Its format is that of https://www.sqlite.org/fileformat.html. Throws NoDatabase.
 */
export function* rowsOf(file: Buffer, table: string): Generator<Row> {
  const database = new Database(file)
  for (const [type, name, , root] of database.rows(1))
    if (type?.toString() === 'table' && name?.toString() === table) {
      if (root === undefined || root.length > WHOLE) throw new NoDatabase(`${table} has no root`)
      yield* database.rows(root.readUIntBE(0, root.length))
      return
    }
  throw new NoDatabase(`it has no table ${table}`)
}

class Database {
  readonly #file: Buffer
  readonly #size: number
  readonly #usable: number
  /** No page is part of two things; who goes in circles is stopped. */
  readonly #used = new Set<number>()
  #rows = 0
  /** Bytes that rows may have yet: no two of them share any, so that what is read grows with the file alone. */
  #left: number

  constructor(file: Buffer) {
    if (file.length < HEAD || file.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw new NoDatabase('it is no database of SQLite')
    const size = file.readUInt16BE(16)
    this.#file = file
    this.#left = file.length
    this.#size = size === 1 ? 65_536 : size
    this.#usable = this.#size - file.readUInt8(20)
    if (this.#size < 512 || this.#usable < 480) throw new NoDatabase('its pages are too small')
  }

  *rows(page: number, depth = 0): Generator<Row> {
    if (depth > DEEP) throw new NoDatabase(`page ${page} is ${depth} pages from its root`)
    const bytes = this.#page(page)
    const at = page === 1 ? HEAD : 0
    const type = bytes.readUInt8(at)
    if (type !== LEAF && type !== INTERIOR) throw new NoDatabase(`page ${page} is no table`)
    const cells = bytes.readUInt16BE(at + 3)
    const pointers = at + (type === LEAF ? 8 : 12)
    for (let cell = 0; cell < cells; cell += 1) {
      const place = this.#short(bytes, pointers + 2 * cell)
      if (type === LEAF) yield this.#row(bytes, place)
      else yield* this.rows(this.#long(bytes, place), depth + 1)
    }
    if (type === INTERIOR) yield* this.rows(this.#long(bytes, at + 8), depth + 1)
  }

  #page(number: number): Buffer {
    const start = (number - 1) * this.#size
    if (number < 1 || start + this.#size > this.#file.length)
      throw new NoDatabase(`page ${number} is not there`)
    if (this.#used.has(number)) throw new NoDatabase(`page ${number} is used twice`)
    this.#used.add(number)
    return this.#file.subarray(start, start + this.#size)
  }

  #short(bytes: Buffer, at: number): number {
    if (at + 2 > bytes.length) throw new NoDatabase('a cell is outside of its page')
    return bytes.readUInt16BE(at)
  }

  #long(bytes: Buffer, at: number): number {
    if (at + 4 > bytes.length) throw new NoDatabase('a cell is outside of its page')
    return bytes.readUInt32BE(at)
  }

  #row(page: Buffer, at: number): Row {
    this.#rows += 1
    if (this.#rows > ROWS) throw new NoDatabase('it has too many rows')
    const [length, afterLength] = varint(page, at)
    const [, start] = varint(page, afterLength)
    return columns(this.#payload(page, start, length))
  }

  /** What does not fit into a page goes on in others. */
  #payload(page: Buffer, start: number, length: number): Buffer {
    const most = this.#usable - 35
    this.#left -= length
    if (this.#left < 0) throw new NoDatabase('its rows are larger than the file')
    if (length <= most) return page.subarray(start, start + length)
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23
    const wanted = least + ((length - least) % (this.#usable - 4))
    const own = wanted <= most ? wanted : least
    const parts = [page.subarray(start, start + own)]
    let next = this.#long(page, start + own)
    for (let rest = length - own; rest > 0; rest -= this.#usable - 4) {
      const overflow = this.#page(next)
      parts.push(overflow.subarray(4, 4 + Math.min(rest, this.#usable - 4)))
      next = this.#long(overflow, 0)
    }
    return Buffer.concat(parts)
  }
}

/** Bytes of a whole number by its serial type. */
const NUMBERS: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0]

function columns(payload: Buffer): Row {
  const [head, first] = varint(payload, 0)
  const row: (Buffer | undefined)[] = []
  let at = head
  for (let place = first; place < head && row.length < COLUMNS; ) {
    const [type, next] = varint(payload, place)
    const length = type < NUMBERS.length ? (NUMBERS[type] ?? 0) : Math.floor((type - 12) / 2)
    if (at + length > payload.length) throw new NoDatabase('a column is longer than its row')
    // Whole numbers of up to six bytes are given as they are: the root of a table is one.
    row.push(length === 0 || type === 7 || type === 6 ? undefined : payload.subarray(at, at + length))
    at += length
    place = next
  }
  return row
}

/** A number in up to nine bytes, and where it ends. */
function varint(bytes: Buffer, at: number): readonly [value: number, end: number] {
  let value = 0
  for (let count = 0; count < 9; count += 1) {
    const byte = bytes[at + count]
    if (byte === undefined) break
    if (count === 8) return [value * 256 + byte, at + 9]
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return [value, at + count + 1]
  }
  throw new NoDatabase('a number has no end')
}
