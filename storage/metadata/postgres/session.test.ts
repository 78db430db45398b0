import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Connections } from './connections.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'
import { probePostgres } from './probe.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'
import { TestProxy } from './test-proxy.ts'

let database: TestDatabase

beforeEach(async () => {
  database = await makeTestDatabase()
})

afterEach(() => database.remove())

/** What a session of that URL says of a setting. */
async function settingOf(url: string, name: string): Promise<unknown> {
  const connections = new Connections(parseDatabaseUrl(url).connection)
  try {
    const { rows } = await connections.read({ text: `select current_setting('${name}') as said` })
    return rows[0]?.['said']
  } finally {
    await connections.close()
  }
}

/** The URL of the database with more options beside those that it has. */
function withOptions(more: string): string {
  const url = new URL(database.url)
  url.searchParams.set('options', `${url.searchParams.get('options')} ${more}`)
  return url.href
}

describe('the settings of a session', () => {
  it.each([
    ['synchronous_commit', 'off', 'on'],
    ['synchronous_commit', 'local', 'on'],
    ['default_transaction_isolation', 'serializable', 'read committed'],
    ['enable_seqscan', 'on', 'off'],
  ])('are the registry’s, whatever the options of the URL say: %s=%s', async (name, asked, used) => {
    expect(await settingOf(withOptions(`-c ${name}=${asked}`), name)).toBe(used)
  })

  it('are otherwise those of the URL', async () =>
    expect(await settingOf(withOptions('-c work_mem=7MB'), 'work_mem')).toBe('7MB'))

  it('have to reach the server: what keeps them back, as a pooler does, is refused', async () => {
    const pooler = await TestProxy.open(database.url)
    pooler.change = (sent) =>
      Buffer.from(sent.toString('latin1').replace('hashjoin=off', 'hashjoin=on '), 'latin1')
    await expect(openPostgresMetadataStore({ url: pooler.url, isQueue: () => false })).rejects.toThrow(
      /PgBouncer/,
    )
    await expect(probePostgres(pooler.url)).rejects.toThrow(/PgBouncer/)
    await pooler.close()
  })
})
