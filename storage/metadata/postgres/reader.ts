import type { QueryConfig, QueryResult } from 'pg'
import type { Entry, RangeQuery, Stored } from '../metadata-store.ts'
import { byteaArray } from './array-parameters.ts'
import type { TableOf } from './commit-plan.ts'
import { keyText, prefixEnd } from './key-order.ts'
import { rangeStatement, readStatement, type Table } from './statements.ts'

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

  constructor(run: RunQuery, tableOf: TableOf) {
    this.#run = run
    this.#tableOf = tableOf
  }

  /** As MetadataStore.read, in one round trip. */
  async read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    if (keys.length === 0) return []
    const byTable = Map.groupBy(keys, this.#tableOf)
    const values = [...byTable.values()].map(byteaArray)
    const names = keys.map(keyText)
    const { rows } = await this.#run({ ...readStatement([...byTable.keys()]), values })
    const found = new Map(rows.map(({ key, value, version }) => [keyText(key), { value, version }]))
    return names.map((name) => found.get(name))
  }

  /** As MetadataStore.range, in one round trip. */
  async range({ prefix, from, limit, reverse = false }: RangeQuery): Promise<Entry[]> {
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new TypeError(`a limit is a whole number from 0 on, not ${limit}`)
    const end = prefixEnd(prefix)
    const low = !reverse && from !== undefined && Buffer.compare(from, prefix) > 0 ? from : prefix
    const high = reverse && from !== undefined && isBelow(from, end) ? from : end
    const tables: Table[] = prefix.length === 0 ? ['records', 'queues'] : [this.#tableOf(prefix)]
    const statement = rangeStatement({ tables, bounded: high !== undefined, reverse, lock: false })
    const bounds = [low, ...(high === undefined ? [] : [high])].map((key) => Buffer.from(key))
    const { rows } = await this.#run({ ...statement, values: [...bounds, limit] })
    return rows
  }
}

function isBelow(key: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || Buffer.compare(key, end) < 0
}
