import type { ClientBase, ClientConfig, CustomTypesConfig } from 'pg'
import { StoreUnavailable } from '../../store-errors.ts'

/** The server gives a statement up after so long, and a wait for a lock, in milliseconds. */
const STATEMENT_LIMIT = 10_000
const LOCK_LIMIT = 5000
/** We give up on a server that says nothing at all, in milliseconds; its connection is thrown away. */
const SILENCE_LIMIT = 15_000
const CONNECT_LIMIT = 5000

/**
 * Settings of every session, whatever the server's defaults and the URL's options. Records are only ever found by key: the planner is kept
 * from scanning tables that it thinks are small, and joins take keys in their given order, which is the order of locks.
 */
const SETTINGS = {
  synchronous_commit: 'on',
  default_transaction_isolation: 'read\\ committed',
  statement_timeout: STATEMENT_LIMIT,
  lock_timeout: LOCK_LIMIT,
  // A replica that stopped in the middle of a commit must not hold its locks for ever.
  idle_in_transaction_session_timeout: STATEMENT_LIMIT,
  bytea_output: 'hex',
  client_min_messages: 'warning',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

const BYTEA = 17
const INT8 = 20

/** Bytes and numbers of 64 bits; everything else stays text. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number) => {
    if (oid === BYTEA) return (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
    return oid === INT8 ? BigInt : String
  },
}

/** Why what stands between cannot be used. */
export const POOLER =
  'a pooler such as PgBouncer stands before it and keeps our settings from its sessions: name PostgreSQL itself (each process has a pool of its own, of 24 connections at most)'

/** Throws StoreUnavailable when a session has not the settings that it was opened with. */
export async function refuseOtherSettings(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ said: string }>("select current_setting('enable_hashjoin') as said")
  if (rows[0]?.said !== SETTINGS.enable_hashjoin) throw new StoreUnavailable(POOLER)
}

/** How a connection is made. `limits` false is for long work: snapshots, migrations. */
export function sessionConfig(
  connection: ClientConfig,
  { limits }: { readonly limits: boolean },
): ClientConfig {
  const unlimited = {
    statement_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  }
  const settings = Object.entries({ ...SETTINGS, ...(!limits && unlimited) })
  return {
    ...connection,
    // Of two that say the same the last one counts: nothing in the URL may take the durability of a commit away.
    options: [connection.options, ...settings.map(([name, value]) => `-c ${name}=${value}`)].join(' ').trim(),
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_LIMIT,
    ...(limits && { query_timeout: SILENCE_LIMIT }),
    types,
  }
}
