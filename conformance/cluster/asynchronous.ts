import { makeImage } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Cluster, Stores } from '../servers/cluster.ts'
import type { Postgres } from '../servers/postgres.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { Promises } from './promises.ts'

const NAME = 'async/app'

/** Shows what docs/cluster.md says of a standby that is behind: the last 201 may be lost, and nothing else. */
export async function asynchronousFailover(report: Report): Promise<void> {
  await report.scenario(
    'cluster: failover to an asynchronous standby loses what it had not yet',
    async () => {
      const stores = await Stores.start('async', { durable: true })
      const cluster = await Cluster.start({ name: 'async', stores })
      const registry = new RegistryClient(cluster.url)
      try {
        return await lose(stores, cluster, registry)
      } finally {
        registry.close()
        await cluster.stop()
        await stores.stop()
      }
    },
  )
}

async function lose(stores: Stores, cluster: Cluster, registry: RegistryClient): Promise<string> {
  const [early, late] = ['early', 'late'].map((seed) =>
    makeImage({ layers: [{ seed: `async-${seed}`, size: 9000 }] }),
  )
  if (early === undefined || late === undefined) throw new Error('two images are needed')
  await registry.pushImage(NAME, early, 'early')
  const primary = stores.postgres
  const standby = await primary.standby({ name: 'async-standby', synchronous: false })
  const written = await primary.sql('select pg_current_wal_lsn()')
  await holds(standby, `select pg_last_wal_replay_lsn() >= '${written}'`)
  // From here on the standby falls behind, as one does that is slow or cut off.
  await standby.sql("alter system set primary_conninfo = ''")
  await standby.sql('select pg_reload_conf()')
  await holds(standby, 'select count(*) = 0 from pg_stat_wal_receiver')
  await registry.pushImage(NAME, late, 'late')
  await primary.kill()
  await standby.promote()
  stores.postgres = standby
  stores.database.point(standby.port)
  await primary.remove()
  const tags = await eventually(() => registry.tags(NAME))
  expect(tags.join() === 'early', `the tags are ${tags.join()}: the standby was not behind`)
  // "Push again what was pushed last": the client sees what is missing, and everything is complete again.
  await registry.pushImage(NAME, late, 'late')
  const promises = new Promises()
  promises.tag(NAME, 'early', early.manifest)
  promises.tag(NAME, 'late', late.manifest)
  return `1 of 2 tags answered 201 was gone, as documented; pushed again: ${await promises.verify(cluster, stores)}`
}

function holds(postgres: Postgres, question: string): Promise<void> {
  return eventually(async () => {
    expect((await postgres.sql(question)) === 't', `the standby says no to: ${question}`)
  })
}

/** Connections to the old primary break first. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }
}
