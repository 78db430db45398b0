import type { QueryConfig, QueryResult } from 'pg'

interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: bigint
  /** Of its range among several, from 1 on. */
  readonly place?: bigint
}

/** Runs a statement that reads records. */
export type RunQuery = (query: QueryConfig) => Promise<QueryResult<Row>>
