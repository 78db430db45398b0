import type { Check, Commit } from '../../metadata-store.ts'

/** How a check begins; what follows are its fields. */
const KINDS = ['version', 'exists', 'range'] as const
/** Instead of a version or a moment: there is none. */
const NONE = 0xffff_ffff_ffff_ffffn

/**
 * A commit as one piece of memory, which a thread hands to another without a copy: numbers of 4 bytes say how many of
 * each there are and how long each key and value is, versions take 8. Both sides are the same program, and nothing of it
 * is ever stored.
 */
export function encodeCommit({ checks, sets, deletes }: Commit): ArrayBuffer {
  const writer = new Writer()
  writer.many(checks, (check) => writeCheck(writer, check))
  writer.many(sets, ({ key, value }) => {
    writer.bytes(key)
    writer.bytes(value)
  })
  writer.many(deletes, (key) => writer.bytes(key))
  return writer.end()
}

/** The commit of such a piece; its keys and values lie in it. */
export function decodeCommit(memory: ArrayBuffer): Commit {
  const reader = new Reader(memory)
  return {
    checks: reader.many(() => readCheck(reader)),
    sets: reader.many(() => ({ key: reader.bytes(), value: reader.bytes() })),
    deletes: reader.many(() => reader.bytes()),
  }
}

function writeCheck(writer: Writer, check: Check): void {
  writer.number(KINDS.indexOf(check.kind))
  writer.big(check.since === undefined ? undefined : BigInt(check.since))
  if (check.kind === 'version') writer.big(check.version)
  if (check.kind !== 'range') return writer.bytes(check.key)
  writer.bytes(check.owner)
  writer.bytes(check.prefix)
  writer.many(check.entries, ({ key, version }) => {
    writer.bytes(key)
    writer.big(version)
  })
}

function readCheck(reader: Reader): Check {
  const kind = KINDS[reader.number()]
  const moment = reader.big()
  const since = moment === undefined ? undefined : Number(moment)
  if (kind === 'version') {
    const version = reader.big()
    return { kind, key: reader.bytes(), version, since }
  }
  if (kind === 'exists') return { kind, key: reader.bytes(), since }
  if (kind === undefined) throw new TypeError('not a commit')
  const [owner, prefix] = [reader.bytes(), reader.bytes()]
  const entries = reader.many(() => ({ key: reader.bytes(), version: reader.big() ?? 0n }))
  return { kind, owner, prefix, entries, since }
}

class Writer {
  #memory = Buffer.from(new ArrayBuffer(4096))
  #at = 0

  number(value: number): void {
    this.#reserve(4)
    this.#at = this.#memory.writeUInt32LE(value, this.#at)
  }

  big(value: bigint | undefined): void {
    this.#reserve(8)
    this.#at = this.#memory.writeBigUInt64LE(value ?? NONE, this.#at)
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.#reserve(value.length)
    this.#memory.set(value, this.#at)
    this.#at += value.length
  }

  many<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.number(items.length)
    for (const item of items) write(item)
  }

  end(): ArrayBuffer {
    return this.#memory.buffer.slice(0, this.#at)
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#memory.length) return
    const memory = Buffer.from(new ArrayBuffer(2 * this.#memory.length + length))
    memory.set(this.#memory.subarray(0, this.#at))
    this.#memory = memory
  }
}

class Reader {
  readonly #memory: Buffer
  #at = 0

  constructor(memory: ArrayBuffer) {
    this.#memory = Buffer.from(memory)
  }

  number(): number {
    this.#at += 4
    return this.#memory.readUInt32LE(this.#at - 4)
  }

  big(): bigint | undefined {
    this.#at += 8
    const value = this.#memory.readBigUInt64LE(this.#at - 8)
    return value === NONE ? undefined : value
  }

  bytes(): Uint8Array {
    const length = this.number()
    this.#at += length
    return this.#memory.subarray(this.#at - length, this.#at)
  }

  many<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.number() }, read)
  }
}
