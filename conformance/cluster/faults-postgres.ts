import type { Report } from '../report.ts'
import { Stores } from '../servers/cluster.ts'
import { type Fault, faultScenarios } from './faults.ts'

/** PostgreSQL is stopped, killed, replaced by its standby, and cut off in the middle of commits. */
export async function postgresFaults(report: Report): Promise<void> {
  // Written as in production: what a killed server had acknowledged is there when it comes back.
  const stores = await Stores.start('fault-pg', { durable: true })
  try {
    await faultScenarios({ stores, report, name: 'fault-pg' }, [
      ...serverFaults(stores),
      ...commitFaults(stores),
      failover(stores),
    ])
  } finally {
    await stores.stop()
  }
}

function serverFaults(stores: Stores): Fault[] {
  return [
    {
      name: 'PostgreSQL is stopped and started again',
      run: async (_, away) => {
        await stores.postgres.stop()
        await away()
        await stores.postgres.restart()
      },
    },
    {
      name: 'PostgreSQL is killed and started again',
      run: async (_, away) => {
        await stores.postgres.kill()
        await away()
        await stores.postgres.restart()
      },
    },
    {
      name: 'PostgreSQL ends every connection',
      run: async () => {
        await stores.postgres.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
        )
      },
    },
  ]
}

/** The outcome of a commit is unknown to whoever sent it: the retry must not do anything twice. */
function commitFaults({ database }: Stores): Fault[] {
  const cutCommits =
    (how: 'before' | 'after') =>
    async (_: unknown, away: () => Promise<unknown>): Promise<void> => {
      let seen = 0
      database.onSend = (chunk) => (isCommit(chunk) && ++seen % 3 === 0 ? how : undefined)
      await away()
      database.onSend = undefined
      if (seen < 3) throw new Error('no commit was cut: the load made none')
    }
  return [
    { name: 'connections are cut before a COMMIT arrives', run: cutCommits('before') },
    { name: 'connections are cut when a COMMIT has arrived, its answer lost', run: cutCommits('after') },
  ]
}

function isCommit(chunk: Buffer): boolean {
  return /commit/i.test(chunk.toString('latin1'))
}

/** The harness does what Patroni or a cloud does: promotes the standby and moves the address. */
function failover(stores: Stores): Fault {
  return {
    name: 'the primary is killed, its synchronous standby promoted',
    run: async (_, away) => {
      const old = stores.postgres
      const standby = await old.standby({ name: 'fault-pg-standby', synchronous: true })
      await old.kill()
      await away()
      await standby.promote()
      stores.postgres = standby
      stores.database.point(standby.port)
      await old.remove()
    },
  }
}
