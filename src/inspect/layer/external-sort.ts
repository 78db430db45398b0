import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of records that are sorted in memory; what is more goes to a file, sorted. */
const RUN_BYTES = 8 * 1024 * 1024
/** What a record costs beside its bytes. */
const RECORD_COST = 64
const READ_BYTES = 128 * 1024
/** Lengths of key and value before each record of a run. */
const HEAD_BYTES = 8

/**
 * A record with what it is sorted by: raw bytes as latin1, so that order is byte order. The value's memory is used again
 * with the next record.
 */
export interface SortRecord {
  readonly key: string
  readonly value: Buffer
}

/** Sorts more records than memory holds. Keys are expected to differ. For worker threads: it waits for the disk. */
export class ExternalSort {
  readonly #directory: string
  readonly #name: string
  readonly #runBytes: number
  #records: Records
  readonly #runs: string[] = []

  /** Files are made in `directory`, and are gone once the records were read. */
  constructor(directory: string, name: string, runBytes = RUN_BYTES) {
    this.#directory = directory
    this.#name = name
    this.#runBytes = runBytes
    this.#records = new Records()
  }

  /** Keeps a copy of `value`. */
  add(key: string, value: Uint8Array): void {
    this.#records.add(key, value)
    if (this.#records.bytes >= this.#runBytes) this.#spill()
  }

  /** All records in order; nothing is added any more. */
  *sorted(): Generator<SortRecord> {
    const last = this.#records
    if (this.#runs.length === 0) {
      yield* last.sorted()
      return
    }
    this.#spill()
    this.#records = new Records()
    const runs = this.#runs.map((path) => new RunReader(path))
    try {
      yield* merge(runs)
    } finally {
      for (const run of runs) run.close()
    }
  }

  #spill(): void {
    if (this.#records.bytes === 0) return
    const path = join(this.#directory, `${this.#name}-${this.#runs.length}`)
    writeRun(path, this.#records)
    this.#runs.push(path)
    this.#records.clear()
  }
}

/**
 * Records in memory as a run has them, in one piece: an object for each, or a key that outlives its making, would cost
 * more than its bytes.
 */
class Records {
  #memory = Buffer.allocUnsafeSlow(READ_BYTES)
  /** Where each record begins, and the last ends. */
  #bounds = [0]
  /** What they cost. */
  bytes = 0

  add(key: string, value: Uint8Array): void {
    const start = this.#bounds.at(-1) ?? 0
    const at = start + HEAD_BYTES + key.length
    const end = at + value.length
    if (end > this.#memory.length) this.#grow(start, end)
    this.#memory.writeUInt32LE(key.length, start)
    this.#memory.writeUInt32LE(value.length, start + 4)
    this.#memory.write(key, start + HEAD_BYTES, 'latin1')
    this.#memory.set(value, at)
    this.#bounds.push(end)
    this.bytes += key.length + value.length + RECORD_COST
  }

  /** Gives each record in order, as it stands in memory with its lengths. */
  eachSorted(take: (memory: Buffer, start: number, end: number) => void): void {
    const keys = this.#keys()
    for (const index of orderOf(keys))
      take(this.#memory, this.#bounds[index] ?? 0, this.#bounds[index + 1] ?? 0)
  }

  *sorted(): Generator<SortRecord> {
    const keys = this.#keys()
    for (const index of orderOf(keys)) {
      const key = keys[index] ?? ''
      const at = (this.#bounds[index] ?? 0) + HEAD_BYTES + key.length
      yield { key, value: this.#memory.subarray(at, this.#bounds[index + 1]) }
    }
  }

  clear(): void {
    this.#bounds = [0]
    this.bytes = 0
  }

  #keys(): string[] {
    const keys: string[] = []
    for (let index = 0; index + 1 < this.#bounds.length; index++) {
      const at = this.#bounds[index] ?? 0
      const start = at + HEAD_BYTES
      keys.push(this.#memory.toString('latin1', start, start + this.#memory.readUInt32LE(at)))
    }
    return keys
  }

  #grow(used: number, wanted: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#memory.length * 2, wanted))
    this.#memory.copy(larger, 0, 0, used)
    this.#memory = larger
  }
}

function orderOf(keys: readonly string[]): number[] {
  return keys.map((_, index) => index).sort((a, b) => ((keys[a] ?? '') < (keys[b] ?? '') ? -1 : 1))
}

function writeRun(path: string, records: Records): void {
  const file = openSync(path, 'wx')
  let buffer = Buffer.allocUnsafeSlow(2 * READ_BYTES)
  let filled = 0
  try {
    records.eachSorted((memory, start, end) => {
      const length = end - start
      if (filled + length > buffer.length)
        buffer = Buffer.concat([buffer.subarray(0, filled)], filled + length)
      memory.copy(buffer, filled, start, end)
      filled += length
      if (filled < READ_BYTES) return
      writeAll(file, buffer.subarray(0, filled))
      filled = 0
    })
    writeAll(file, buffer.subarray(0, filled))
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** The run with the smallest key gives the next record. There are few runs: a look at each is as good as a heap. */
function* merge(runs: readonly RunReader[]): Generator<SortRecord> {
  const heads = runs.map((run) => run.next())
  for (;;) {
    let least = -1
    let record: SortRecord | undefined
    for (let index = 0; index < heads.length; index++) {
      const head = heads[index]
      if (head === undefined || (record !== undefined && head.key >= record.key)) continue
      least = index
      record = head
    }
    if (record === undefined) return
    yield record
    heads[least] = runs[least]?.next()
  }
}

class RunReader {
  readonly #path: string
  readonly #file: number
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  #at = 0
  #end = 0

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'r')
  }

  next(): SortRecord | undefined {
    if (!this.#fill(HEAD_BYTES)) return undefined
    const keyLength = this.#buffer.readUInt32LE(this.#at)
    const valueLength = this.#buffer.readUInt32LE(this.#at + 4)
    if (!this.#fill(HEAD_BYTES + keyLength + valueLength))
      throw new Error('a sorted run ends inside a record')
    const start = this.#at + HEAD_BYTES
    this.#at = start + keyLength + valueLength
    const key = this.#buffer.toString('latin1', start, start + keyLength)
    return { key, value: this.#buffer.subarray(start + keyLength, this.#at) }
  }

  close(): void {
    closeSync(this.#file)
    unlinkSync(this.#path)
  }

  /** Whether `bytes` more are there, after reading on. */
  #fill(bytes: number): boolean {
    if (this.#end - this.#at >= bytes) return true
    this.#buffer.copyWithin(0, this.#at, this.#end)
    this.#end -= this.#at
    this.#at = 0
    if (bytes > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer.subarray(0, this.#end)], bytes)
    while (this.#end < bytes) {
      const read = readSync(this.#file, this.#buffer, this.#end, this.#buffer.length - this.#end, null)
      if (read === 0) return false
      this.#end += read
    }
    return true
  }
}
