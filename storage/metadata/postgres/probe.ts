import { Connections } from './connections.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { openingError } from './opening-errors.ts'
import { refuseOtherSettings } from './session.ts'

/** What a look at a database gave. */
export interface DatabaseFacts {
  /** Without its password. */
  readonly shown: string
  /** By how many milliseconds its clock is ahead of ours. */
  readonly clockAhead: number
  readonly standby: boolean
  /** `fsync` and `full_page_writes`: without them a power loss takes what was committed. */
  readonly durable: boolean
}

interface Row {
  readonly now: string
  readonly standby: string
  readonly fsync: string
  readonly pages: string
}

/** Looks at the database of `url` and changes nothing there. Rejects with StoreUnavailable when it cannot be used. */
export async function probePostgres(url: string): Promise<DatabaseFacts> {
  const { connection, shown } = parseDatabaseUrl(url)
  const connections = new Connections(connection)
  try {
    const client = await connections.open()
    try {
      await refuseOtherSettings(client)
      const begun = Date.now()
      const { rows } = await client.query<Row>(
        `select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now, pg_is_in_recovery()::text as standby,
          current_setting('fsync') as fsync, current_setting('full_page_writes') as pages`,
      )
      const middle = (begun + Date.now()) / 2
      const [row] = rows
      return {
        shown,
        clockAhead: Number(row?.now) - middle,
        standby: row?.standby === 'true',
        durable: row?.fsync === 'on' && row.pages === 'on',
      }
    } finally {
      await client.end()
    }
  } catch (error) {
    throw openingError(shown, error)
  } finally {
    await connections.close()
  }
}
