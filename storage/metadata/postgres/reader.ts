import type { QueryConfig, QueryResult } from 'pg'
import type { Entry, RangeQuery, Stored } from '../metadata-store.ts'
import { byteaArray } from './array-parameters.ts'
import type { TableOf } from './commit-plan.ts'
import { GroupedReads } from './grouped-reads.ts'
import { keyText, prefixEnd } from './key-order.ts'
import { firstStatement, rangeStatement, readStatement, type Table } from './statements.ts'

interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: bigint
}

export type RunQuery = (query: QueryConfig) => Promise<QueryResult<Row>>

/** Reads records by statements of its own: each sees one moment. */
export class Reader {
  readonly #run: RunQuery
  readonly #tableOf: TableOf
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
  async range({ prefix, from, limit, bytes, reverse = false }: RangeQuery): Promise<Entry[]> {
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new TypeError(`a limit is a whole number from 0 on, not ${limit}`)
    const end = prefixEnd(prefix)
    const low = !reverse && from !== undefined && Buffer.compare(from, prefix) > 0 ? from : prefix
    const high = reverse && from !== undefined && isBelow(from, end) ? from : end
    const tables: Table[] = prefix.length === 0 ? ['records', 'queues'] : [this.#tableOf(prefix)]
    const weighed = bytes !== undefined
    const statement = rangeStatement({ tables, bounded: high !== undefined, reverse, lock: false, weighed })
    const bounds = [low, ...(high === undefined ? [] : [high])].map((key) => Buffer.from(key))
    const { rows } = await this.#run({
      ...statement,
      values: [...bounds, limit, ...(weighed ? [bytes] : [])],
    })
    return rows
  }

  async #find(keys: readonly Uint8Array[]): Promise<ReadonlyMap<string, Stored>> {
    const byTable = Map.groupBy(keys, this.#tableOf)
    const values = [...byTable.values()].map(byteaArray)
    const { rows } = await this.#run({ ...readStatement([...byTable.keys()]), values })
    return new Map(rows.map(({ key, value, version }) => [keyText(key), { value, version }]))
  }
}

function isBelow(key: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || Buffer.compare(key, end) < 0
}
