import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of records that are sorted in memory; what is more goes to a file, sorted. */
const RUN_BYTES = 8 * 1024 * 1024
/** What a record costs beside its bytes. */
const RECORD_COST = 96
const READ_BYTES = 128 * 1024

/** A record with what it is sorted by: raw bytes as latin1, so that order is byte order. */
export interface SortRecord {
  readonly key: string
  readonly value: Buffer
}

/** Sorts more records than memory holds. Keys are expected to differ. For worker threads: it waits for the disk. */
export class ExternalSort {
  readonly #directory: string
  readonly #name: string
  readonly #runBytes: number
  #records: SortRecord[] = []
  #bytes = 0
  readonly #runs: string[] = []

  /** Files are made in `directory`, and are gone once the records were read. */
  constructor(directory: string, name: string, runBytes = RUN_BYTES) {
    this.#directory = directory
    this.#name = name
    this.#runBytes = runBytes
  }

  add(key: string, value: Buffer): void {
    this.#records.push({ key, value })
    this.#bytes += key.length + value.length + RECORD_COST
    if (this.#bytes >= this.#runBytes) this.#spill()
  }

  /** All records in order; nothing is added any more. */
  *sorted(): Generator<SortRecord> {
    if (this.#runs.length === 0) {
      yield* sortInMemory(this.#records)
      return
    }
    this.#spill()
    const runs = this.#runs.map((path) => new RunReader(path))
    try {
      yield* merge(runs)
    } finally {
      for (const run of runs) run.close()
    }
  }

  #spill(): void {
    if (this.#records.length === 0) return
    const path = join(this.#directory, `${this.#name}-${this.#runs.length}`)
    writeRun(path, sortInMemory(this.#records))
    this.#runs.push(path)
    this.#records = []
    this.#bytes = 0
  }
}

function sortInMemory(records: SortRecord[]): SortRecord[] {
  return records.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
}

function writeRun(path: string, records: readonly SortRecord[]): void {
  const file = openSync(path, 'wx')
  try {
    let pieces: Buffer[] = []
    let bytes = 0
    const flush = (): void => {
      if (bytes > 0) writeSync(file, Buffer.concat(pieces, bytes))
      pieces = []
      bytes = 0
    }
    for (const { key, value } of records) {
      const head = Buffer.allocUnsafe(8 + key.length)
      head.writeUInt32LE(key.length, 0)
      head.writeUInt32LE(value.length, 4)
      head.write(key, 8, 'latin1')
      pieces.push(head, value)
      bytes += head.length + value.length
      if (bytes >= READ_BYTES) flush()
    }
    flush()
  } finally {
    closeSync(file)
  }
}

/** The run with the smallest key gives the next record. There are few runs: a look at each is as good as a heap. */
function* merge(runs: readonly RunReader[]): Generator<SortRecord> {
  const heads = runs.map((run) => run.next())
  for (;;) {
    let least = -1
    for (const [index, head] of heads.entries())
      if (head !== undefined && (least < 0 || head.key < (heads[least]?.key ?? ''))) least = index
    const record = heads[least]
    if (record === undefined) return
    yield record
    heads[least] = runs[least]?.next()
  }
}

class RunReader {
  readonly #path: string
  readonly #file: number
  #buffer = Buffer.alloc(0)
  #at = 0

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'r')
  }

  next(): SortRecord | undefined {
    if (!this.#fill(8)) return undefined
    const keyLength = this.#buffer.readUInt32LE(this.#at)
    const valueLength = this.#buffer.readUInt32LE(this.#at + 4)
    if (!this.#fill(8 + keyLength + valueLength)) throw new Error('a sorted run ends inside a record')
    const start = this.#at + 8
    const key = this.#buffer.toString('latin1', start, start + keyLength)
    const value = Buffer.from(this.#buffer.subarray(start + keyLength, start + keyLength + valueLength))
    this.#at = start + keyLength + valueLength
    return { key, value }
  }

  close(): void {
    closeSync(this.#file)
    unlinkSync(this.#path)
  }

  /** Whether `bytes` more are there, after reading on. */
  #fill(bytes: number): boolean {
    if (this.#buffer.length - this.#at >= bytes) return true
    const rest = this.#buffer.subarray(this.#at)
    const larger = Buffer.allocUnsafe(Math.max(READ_BYTES, bytes) + rest.length)
    rest.copy(larger)
    let length = rest.length
    for (;;) {
      const read = readSync(this.#file, larger, length, larger.length - length, null)
      length += read
      if (read === 0 || length >= bytes) break
    }
    this.#buffer = larger.subarray(0, length)
    this.#at = 0
    return length >= bytes
  }
}
