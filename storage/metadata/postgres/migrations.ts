import { type Client, DatabaseError } from 'pg'
import { StoreUnavailable } from '../../store-errors.ts'

/** The advisory lock that one replica at a time holds while it looks at the schema: "lamina" in ASCII. */
const LOCK = '119165703253601'
/** How long a replica waits for another one that is changing the schema. */
const LOCK_LIMIT = '60s'
const LOCK_NOT_AVAILABLE = '55P03'

const recordTable = (name: string, options: string) =>
  `create table ${name} (key bytea primary key, value bytea not null, version bigint not null) ${options}`

/**
 * One entry for each version of the schema, never changed once released. A replica of the version before works on
 * with what an entry leaves behind, so that versions can be replaced one replica after the other.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    'create sequence lamina_versions',
    recordTable('lamina_records', ''),
    // Short-lived rows: the vacuum comes early, and has little to do.
    recordTable(
      'lamina_queues',
      'with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)',
    ),
    'create table lamina_commits (id uuid primary key, outcome text not null)',
  ],
]

/** Brings the schema up to date. Throws StoreUnavailable for one that a newer program made. */
export async function migrate(client: Client): Promise<void> {
  await client.query(`set lock_timeout = '${LOCK_LIMIT}'`)
  await lock(client)
  try {
    await client.query('create table if not exists lamina_schema (version integer not null)')
    const { rows } = await client.query<{ version: string }>(
      'select coalesce(max(version), 0) as version from lamina_schema',
    )
    const version = Number(rows[0]?.version)
    if (version > MIGRATIONS.length)
      throw new StoreUnavailable(
        `a newer Lamina has changed the database (its schema is ${version}, this program knows ${MIGRATIONS.length}): start that version`,
      )
    for (const [at, statements] of MIGRATIONS.entries())
      if (at >= version) await apply(client, at + 1, statements)
  } finally {
    await client.query(`select pg_advisory_unlock(${LOCK})`)
  }
}

async function lock(client: Client): Promise<void> {
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`)
  } catch (cause) {
    if (!(cause instanceof DatabaseError) || cause.code !== LOCK_NOT_AVAILABLE) throw cause
    throw new StoreUnavailable(
      `another Lamina has been changing the database for ${LOCK_LIMIT}: look at its log, then start again`,
      { cause },
    )
  }
}

async function apply(client: Client, version: number, statements: readonly string[]): Promise<void> {
  await client.query('begin')
  try {
    for (const statement of statements) await client.query(statement)
    await client.query(`insert into lamina_schema (version) values (${version})`)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
