import { inParts } from './in-parts.ts'
import {
  type Check,
  type Entry,
  MetadataConflict,
  type MetadataStore,
  RANGE_CHECK_LIMIT,
  type RangeQuery,
  type Stored,
} from './metadata-store.ts'
import { type Reliance, turnsAloneOf } from './turn-alone.ts'

/** How often a decision is made again before the conflict is the caller's. */
const ATTEMPTS = 40
/** Attempts beside all others: most conflicts are over by then. */
const AT_ONCE = 3
/** Attempts that follow each other at once: whoever waits lets others begin before him, again and again. */
const WITHOUT_PAUSE = 12
/** In milliseconds. */
const LONGEST_PAUSE = 100

/** Turns a record into bytes and back; the shape that the record codecs have. */
interface ValueCodec<Value> {
  readonly encode: (value: Value) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Value
}

/** A record with what is needed to check it again. */
export interface Versioned<Value> {
  readonly key: Uint8Array
  readonly value: Value
  readonly version: bigint
}

/** The first `limit` records of a range. */
type RangeStart = Pick<RangeQuery, 'prefix' | 'limit'>

/** Collects what one decision reads, relies on and writes. */
export class Transaction {
  readonly #store: MetadataStore
  readonly #checks: Check[] = []
  readonly #sets = new Map<string, { key: Uint8Array; value: Uint8Array }>()
  readonly #deletes = new Map<string, Uint8Array>()
  /** What `readAhead` found, by key. */
  readonly #known = new Map<string, Stored | undefined>()
  /** What `rangesAhead` found, by prefix and limit. */
  readonly #ranges = new Map<string, Entry[]>()

  constructor(store: MetadataStore) {
    this.#store = store
  }

  /**
   * Reads in one go, unless it is very much, what the decision is going to ask for; it gets these answers then. As any
   * read they may be old by the time of the commit: what matters must be checked.
   */
  async readAhead(keys: readonly Uint8Array[]): Promise<void> {
    const unique = new Map(keys.map((key) => [nameOf(key), key]))
    const found = await inParts([...unique.values()], (some) => this.#store.read(some))
    for (const [index, name] of [...unique.keys()].entries()) this.#known.set(name, found[index])
  }

  /** The same for ranges, asked for side by side, from their beginning: each as of a moment of its own. */
  async rangesAhead(queries: readonly RangeStart[]): Promise<void> {
    const found = await Promise.all(queries.map((query) => this.#store.range(query)))
    for (const [index, query] of queries.entries()) this.#ranges.set(nameOfRange(query), found[index] ?? [])
  }

  /** Reads a record without relying on it: what matters must be checked. */
  async get<Value>(codec: ValueCodec<Value>, key: Uint8Array): Promise<Versioned<Value> | undefined> {
    const [stored] = await this.read([key])
    return stored && { key, value: codec.decode(stored.value), version: stored.version }
  }

  /** Reads a record and checks at the commit that it is still the same one, or still absent. */
  async getChecked<Value>(codec: ValueCodec<Value>, key: Uint8Array): Promise<Versioned<Value> | undefined> {
    const record = await this.get(codec, key)
    this.checkVersion(key, record?.version)
    return record
  }

  /** Which of `keys` are there now, in their order. */
  present(keys: readonly Uint8Array[]): Promise<readonly boolean[]> {
    return inParts(keys, async (some) => (await this.read(some)).map((stored) => stored !== undefined))
  }

  /** Reads many records of one kind without relying on them. */
  getMany<Value>(
    codec: ValueCodec<Value>,
    keys: readonly Uint8Array[],
  ): Promise<readonly (Value | undefined)[]> {
    return inParts(keys, async (some) =>
      (await this.read(some)).map((stored) => stored && codec.decode(stored.value)),
    )
  }

  /** As MetadataStore.read: without relying on it. */
  async read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    const names = keys.map(nameOf)
    const missing = keys.filter((_, index) => !this.#known.has(names[index] ?? ''))
    if (missing.length === 0) return names.map((name) => this.#known.get(name))
    const found = (await this.#store.read(missing)).values()
    return names.map((name) => (this.#known.has(name) ? this.#known.get(name) : found.next().value))
  }

  range(query: RangeQuery): Promise<Entry[]> {
    const isStart = query.from === undefined && query.reverse !== true
    const known = isStart ? this.#ranges.get(nameOfRange(query)) : undefined
    return known === undefined ? this.#store.range(query) : Promise.resolve(known)
  }

  checkVersion(key: Uint8Array, version: bigint | undefined): void {
    this.#checks.push({ kind: 'version', key, version })
  }

  checkExists(key: Uint8Array): void {
    this.#checks.push({ kind: 'exists', key })
  }

  /** Checks at the commit that the range still holds exactly `entries`. */
  checkRange(
    owner: Uint8Array,
    prefix: Uint8Array,
    entries: readonly { key: Uint8Array; version: bigint }[],
  ): void {
    this.#checks.push({ kind: 'range', owner, prefix, entries })
  }

  /**
   * Everything under `prefix`, checked at the commit to be still everything; undefined when it is too much for one
   * commit. `owner` guards the range.
   */
  async wholeRange(owner: Uint8Array, prefix: Uint8Array): Promise<Entry[] | undefined> {
    const entries = await this.#store.range({ prefix, limit: RANGE_CHECK_LIMIT + 1 })
    if (entries.length > RANGE_CHECK_LIMIT) return undefined
    this.checkRange(owner, prefix, entries)
    return entries
  }

  /** The last word on a key counts: a set replaces an earlier delete of the same decision, and the reverse. */
  set<Value>(codec: ValueCodec<Value>, key: Uint8Array, value: Value): void {
    const name = nameOf(key)
    this.#deletes.delete(name)
    this.#sets.set(name, { key, value: codec.encode(value) })
  }

  delete(key: Uint8Array): void {
    const name = nameOf(key)
    this.#sets.delete(name)
    this.#deletes.set(name, key)
  }

  /** Keys that it sets or deletes, as texts. */
  *writes(): Generator<string> {
    yield* this.#sets.keys()
    yield* this.#deletes.keys()
  }

  /** What would make its commit fail when others write it. */
  get reliance(): Reliance {
    const versions = this.#checks.filter((check) => check.kind === 'version')
    const ranges = this.#checks.filter((check) => check.kind === 'range')
    return {
      keys: new Set(versions.map(({ key }) => nameOf(key))),
      prefixes: ranges.map(({ prefix }) => nameOf(prefix)),
    }
  }

  /** Nothing to do when nothing was set or deleted. */
  async commit(): Promise<void> {
    if (this.#sets.size + this.#deletes.size === 0) return
    await this.#store.commit({
      checks: this.#checks,
      sets: [...this.#sets.values()],
      deletes: [...this.#deletes.values()],
    })
  }
}

/**
 * Reads, decides and commits; begins again when someone else was faster. `decide` may run several times, so it has
 * no effects but on the transaction, and calls no `transact` of its own: it would wait for itself. Rejects with
 * MetadataConflict after ATTEMPTS, and with the store's errors.
 */
export async function transact<Result>(
  store: MetadataStore,
  decide: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const alone = turnsAloneOf(store)
  for (let attempt = 1; attempt <= AT_ONCE; attempt++) {
    const { transaction, result } = await decided(store, decide)
    const other = alone.inTheWayOf(transaction.writes())
    if (other !== undefined) await other
    else if (await isDone(transaction)) return result
  }
  return alone.take(async (claim) => {
    for (let attempt = AT_ONCE + 1; ; attempt++) {
      const { transaction, result } = await decided(store, decide)
      claim(transaction.reliance)
      if (attempt === ATTEMPTS) {
        await transaction.commit()
        return result
      }
      if (await isDone(transaction)) return result
      await pause(attempt)
    }
  })
}

async function decided<Result>(store: MetadataStore, decide: (transaction: Transaction) => Promise<Result>) {
  const transaction = new Transaction(store)
  return { transaction, result: await decide(transaction) }
}

/** False when someone else was faster. */
async function isDone(transaction: Transaction): Promise<boolean> {
  try {
    await transaction.commit()
    return true
  } catch (error) {
    if (error instanceof MetadataConflict) return false
    throw error
  }
}

/** Others in this process wait; who is farther from the store than another process loses until that one rests. */
async function pause(attempt: number): Promise<void> {
  if (attempt <= WITHOUT_PAUSE) return
  const most = Math.min(2 ** (attempt - WITHOUT_PAUSE), LONGEST_PAUSE)
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most))
}

function nameOfRange({ prefix, limit }: RangeStart): string {
  return `${limit} ${nameOf(prefix)}`
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
