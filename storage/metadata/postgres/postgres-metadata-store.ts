import type { Client } from 'pg'
import { StoreUnavailable } from '../../store-errors.ts'
import type { TraceContext } from '../../trace-context.ts'
import type { Commit, Entry, MetadataSnapshot, MetadataStore, RangeQuery, Stored } from '../metadata-store.ts'
import { pruneCommitLog } from './commit-log.ts'
import type { TableOf } from './commit-plan.ts'
import { Committer } from './committer.ts'
import { Connections } from './connections.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { firstConnection } from './first-connection.ts'
import { GroupedCommits } from './grouped-commits.ts'
import { migrate } from './migrations.ts'
import { openingError } from './opening-errors.ts'
import { asStoreError } from './postgres-errors.ts'
import { Reader } from './reader.ts'
import { Retry } from './retry.ts'
import { refuseOtherSettings } from './session.ts'

/** How long a read or a commit is tried while the server is away, in milliseconds. */
const PATIENCE = 15_000
const PRUNE_EACH = 60_000
/** A page of a snapshot, or as many reads as share a connection, takes less than this, in milliseconds. */
const SNAPSHOT_SILENCE = 60_000

export interface PostgresStoreOptions {
  /** postgres://… as parseDatabaseUrl reads it. */
  readonly url: string
  /** Whether a key, or a prefix, is of a queue: of records that live for minutes. Decided by the first byte. */
  readonly isQueue: (key: Uint8Array) => boolean
  /** Hears of failures in the background, one sentence each. */
  readonly notice?: (sentence: string, cause: unknown) => void
  /** What the statement that begins a commit carries along, as a comment; absent: nothing. */
  readonly traceparent?: TraceContext | undefined
}

export interface PostgresMetadataStore extends MetadataStore {
  /** By how much the clock of the database is ahead of ours, in milliseconds. */
  clockAhead(): Promise<number>
}

/**
 * Opens the store of many replicas in one database of PostgreSQL, and makes its tables. Rejects within seconds with
 * StoreUnavailable, saying why, when the database cannot be used.
 */
export async function openPostgresMetadataStore(
  options: PostgresStoreOptions,
): Promise<PostgresMetadataStore> {
  const { connection, shown } = parseDatabaseUrl(options.url)
  const connections = new Connections(connection, options.notice)
  try {
    const client = await firstConnection(() => connections.open())
    try {
      await refuseOtherSettings(client)
      await refuseStandby(client)
      await migrate(client)
    } finally {
      await client.end()
    }
  } catch (error) {
    await connections.close()
    throw openingError(shown, error)
  }
  return new Store(connections, options)
}

async function refuseStandby(client: Client): Promise<void> {
  const { rows } = await client.query<{ standby: string }>('select pg_is_in_recovery()::text as standby')
  if (rows[0]?.standby === 'true')
    throw new StoreUnavailable('it is a standby, which takes no writes: name the primary')
}

class Store implements PostgresMetadataStore {
  readonly #connections: Connections
  readonly #retry = new Retry(PATIENCE)
  readonly #tableOf: TableOf
  readonly #reader: Reader
  readonly #commits: GroupedCommits
  readonly #running = new Set<Promise<unknown>>()
  readonly #pruning: NodeJS.Timeout
  #closing: Promise<void> | undefined

  constructor(connections: Connections, { isQueue, notice, traceparent }: PostgresStoreOptions) {
    this.#connections = connections
    this.#tableOf = (key) => (isQueue(key) ? 'queues' : 'records')
    this.#reader = new Reader((query) => this.#retry.run(() => connections.read(query)), this.#tableOf)
    const committer = new Committer(connections, { retry: this.#retry, tableOf: this.#tableOf, traceparent })
    this.#commits = new GroupedCommits((commit) => committer.commit(commit))
    this.#pruning = setInterval(() => {
      this.#track(() => connections.commit((client) => pruneCommitLog(client, Date.now()))).catch(
        (error: unknown) => notice?.('old commit ids could not be removed', error),
      )
    }, PRUNE_EACH).unref()
  }

  read(keys: readonly Uint8Array[], bytes?: number): Promise<(Stored | undefined)[]> {
    return this.#track(() =>
      bytes === undefined ? this.#reader.read(keys) : this.#reader.readFirst(keys, bytes),
    )
  }

  range(query: RangeQuery): Promise<Entry[]> {
    return this.#track(() => this.#reader.range(query))
  }

  commit(commit: Commit): Promise<void> {
    return this.#track(() => this.#commits.commit(commit))
  }

  snapshot(): Promise<MetadataSnapshot> {
    return this.#track(() => this.#retry.run(() => openSnapshot(this.#connections, this.#tableOf)))
  }

  clockAhead(): Promise<number> {
    return this.#track(async () => {
      const sent = Date.now()
      const { rows } = await this.#connections.read<{ now: string }>({
        name: 'clock',
        text: 'select extract(epoch from clock_timestamp()) * 1000 as now',
      })
      return Number(rows[0]?.now) - (sent + Date.now()) / 2
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#pruning)
    await Promise.allSettled(this.#running)
    await this.#connections.close()
  }

  /** Closing waits for what has begun, which takes a bounded time. */
  async #track<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined) throw new StoreUnavailable('the store is closed')
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }
}

/** One moment, on a connection of its own. It does not survive the loss of that connection. */
async function openSnapshot(connections: Connections, tableOf: TableOf): Promise<MetadataSnapshot> {
  const client = await connections.open(SNAPSHOT_SILENCE)
  try {
    await client.query('begin isolation level repeatable read read only')
    // The moment is that of the first statement.
    await client.query('select 1')
  } catch (error) {
    await client.end()
    throw error
  }
  const reader = new Reader(async (query) => {
    try {
      return await client.query(query)
    } catch (error) {
      throw asStoreError(error)
    }
  }, tableOf)
  return {
    read: (keys) => reader.read(keys),
    range: (query) => reader.range(query),
    close: () => client.end(),
  }
}
