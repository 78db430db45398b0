import type { Entry, RangeQuery, Stored } from '../metadata-store.ts'
import { byteaArray } from './array-parameters.ts'
import type { TableOf } from './commit-plan.ts'
import { GroupedRanges, type ShortRange } from './grouped-ranges.ts'
import { GroupedReads } from './grouped-reads.ts'
import { keyText, prefixEnd } from './key-order.ts'
import type { RunQuery } from './run-query.ts'
import { firstStatement, rangeStatement, readStatement, type Table } from './statements.ts'

/** Ranges of so few records share statements. */
const FEW = 20

interface Bounds {
  readonly low: Uint8Array
  readonly high: Uint8Array | undefined
  readonly limit: number
  readonly bytes: number | undefined
  readonly reverse: boolean
}

/** Reads records by statements of its own: each sees one moment. */
export class Reader {
  readonly #run: RunQuery
  readonly #tableOf: TableOf
  readonly #ranges: Readonly<Record<Table, GroupedRanges>> = {
    records: this.#groupedRanges('records'),
    queues: this.#groupedRanges('queues'),
  }
  readonly #reads = new GroupedReads((keys) => this.#find(keys))

  constructor(run: RunQuery, tableOf: TableOf) {
    this.#run = run
    this.#tableOf = tableOf
  }

  /** As MetadataStore.read, in one round trip, which others may share. */
  read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    return this.#reads.read(keys)
  }

  /** As many of the first keys as it takes for so many bytes, in one round trip of its own. */
  async readFirst(keys: readonly Uint8Array[], bytes: number): Promise<(Stored | undefined)[]> {
    if (keys.length === 0) return []
    const tables = [...new Set(keys.map(this.#tableOf))]
    const values = [byteaArray(keys), bytes]
    const { rows } = await this.#run({ ...firstStatement(tables), values })
    const found = new Map(rows.map(({ key, value, version }) => [keyText(key), { value, version }]))
    const isWhole = rows.reduce((sum, { value }) => sum + value.length, 0) < bytes
    const [end, names] = [rows.at(-1), keys.map(keyText)]
    const known = isWhole || end === undefined ? names : names.slice(0, names.indexOf(keyText(end.key)) + 1)
    return known.map((name) => found.get(name))
  }

  /** As MetadataStore.range, in one round trip. */
  async range(query: RangeQuery): Promise<Entry[]> {
    const { prefix, limit, bytes, reverse = false } = query
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new TypeError(`a limit is a whole number from 0 on, not ${limit}`)
    const { low, high } = boundsOf(query)
    if (high !== undefined && prefix.length > 0 && limit <= FEW && bytes === undefined && !reverse)
      return this.#ranges[this.#tableOf(prefix)].find({ low: Buffer.from(low), high, limit })
    const tables: Table[] = prefix.length === 0 ? ['records', 'queues'] : [this.#tableOf(prefix)]
    return this.#range(tables, { low, high, limit, bytes, reverse })
  }

  async #range(tables: readonly Table[], { low, high, limit, bytes, reverse }: Bounds): Promise<Entry[]> {
    const [bounded, weighed] = [high !== undefined, bytes !== undefined]
    const statement = rangeStatement({ tables, bounded, reverse, lock: false, weighed })
    const bounds = [low, ...(high === undefined ? [] : [high])].map((key) => Buffer.from(key))
    const { rows } = await this.#run({
      ...statement,
      values: [...bounds, limit, ...(weighed ? [bytes] : [])],
    })
    return rows
  }

  #groupedRanges(table: Table): GroupedRanges {
    const alone = (range: ShortRange) => this.#range([table], { ...range, bytes: undefined, reverse: false })
    return new GroupedRanges((query) => this.#run(query), table, alone)
  }

  async #find(keys: readonly Uint8Array[]): Promise<ReadonlyMap<string, Stored>> {
    const byTable = Map.groupBy(keys, this.#tableOf)
    const values = [...byTable.values()].map(byteaArray)
    const { rows } = await this.#run({ ...readStatement([...byTable.keys()]), values })
    return new Map(rows.map(({ key, value, version }) => [keyText(key), { value, version }]))
  }
}

function boundsOf({ prefix, from, reverse = false }: RangeQuery): Pick<Bounds, 'low' | 'high'> {
  const high = prefixEnd(prefix)
  if (from === undefined) return { low: prefix, high }
  if (reverse) return { low: prefix, high: isBelow(from, high) ? from : high }
  return { low: Buffer.compare(from, prefix) > 0 ? from : prefix, high }
}

function isBelow(key: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || Buffer.compare(key, end) < 0
}
