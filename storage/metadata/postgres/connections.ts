import {
  Client,
  type ClientBase,
  type ClientConfig,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg'
import { BoundedPool, heardAlready, type Notice } from './bounded-pool.ts'
import { remedyOf } from './postgres-errors.ts'
import { sessionConfig } from './session.ts'

/** Connections of one process. Commits wait for each other's locks, and must not keep reads waiting. */
const MOST_READING = 8
const MOST_COMMITTING = 16

/** Two bounded pools; a connection that failed is thrown away, and made again when one is needed. */
export class Connections {
  readonly #config: ClientConfig
  readonly #reading: BoundedPool
  readonly #committing: BoundedPool

  constructor(connection: ClientConfig, notice: Notice = heardAlready) {
    const config = sessionConfig(connection, { limits: true })
    this.#config = connection
    this.#reading = new BoundedPool(config, MOST_READING, notice)
    this.#committing = new BoundedPool(config, MOST_COMMITTING, notice)
  }

  /** Runs one statement by itself. */
  read<Row extends QueryResultRow>(query: QueryConfig): Promise<QueryResult<Row>> {
    return borrowed(this.#reading, (client) => client.query<Row>(query))
  }

  /** Runs `work` on a connection of its own; a transaction that it leaves behind when it fails is undone. */
  commit<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return borrowed(this.#committing, work)
  }

  /**
   * A connection without limits of time, for long work; but given up when the server says nothing to a statement for
   * `silence` milliseconds, if given: a network that swallows everything would keep who waits for ever. The caller ends it.
   */
  async open(silence?: number): Promise<Client> {
    const config = sessionConfig(this.#config, { limits: false })
    const client = new Client({ ...config, ...(silence !== undefined && { query_timeout: silence }) })
    client.on('error', heardAlready)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end()
      throw error
    }
  }

  /** Nothing may be running any more. */
  async close(): Promise<void> {
    await Promise.all([this.#reading.end(), this.#committing.end()])
  }
}

async function borrowed<Result>(
  pool: BoundedPool,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await pool.take()
  let isLost = false
  try {
    return await work(client)
  } catch (error) {
    isLost = remedyOf(error) === 'reconnect' || !(await isUndone(client))
    throw error
  } finally {
    client.release(isLost)
  }
}

async function isUndone(client: ClientBase): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    return false
  }
}
