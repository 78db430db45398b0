import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Connections } from './connections.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'

const CROWD = 40

let database: TestDatabase
let connections: Connections
let said: string[]

beforeEach(async () => {
  database = await makeTestDatabase()
  await database.sql(`create role ${database.name} login`)
  const url = new URL(database.url)
  url.username = database.name
  said = []
  connections = new Connections(parseDatabaseUrl(url.href).connection, (sentence) => said.push(sentence))
})

afterEach(async () => {
  await connections.close()
  await database.remove()
  await database.sql(`drop role ${database.name}`)
})

const work = () => connections.commit((client) => client.query('select pg_sleep(0.01)'))
/** How a new connection of the role is treated; those that are open stay. */
const letIn = (rule: string) => database.sql(`alter role ${database.name} ${rule}`)

async function failures(): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: CROWD }, work))
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
}

describe('a server that refuses further connections', () => {
  it.each([
    ['the user or the password', 'nologin'],
    ['the number', 'connection limit 1'],
  ])('by %s is served over those that are open, and that is said once', async (_, rule) => {
    await work()
    await letIn(rule)
    expect(await failures()).toEqual([])
    expect(await failures()).toEqual([])
    expect(said).toEqual([expect.stringContaining('refuses further connections')])
    await letIn('login connection limit -1')
    expect(await failures()).toEqual([])
  })

  it('fails at once when none is open, and lets all in again', async () => {
    await work()
    await letIn('nologin')
    await failures()
    await database.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${database.name}'`,
    )
    await work().catch(() => undefined)
    const begun = performance.now()
    await expect(work()).rejects.toThrow('not permitted to log in')
    expect(performance.now() - begun).toBeLessThan(4000)
    await letIn('login')
    expect(await failures()).toEqual([])
  })
})
