import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, text } from '../contract-tools.ts'
import { Connections } from './connections.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { openPostgresMetadataStore, type PostgresMetadataStore } from './postgres-metadata-store.ts'
import { Reader } from './reader.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'

/** Of random letters, which PostgreSQL stores apart from the row. */
const LARGE = Uint8Array.from({ length: 1 << 20 }, () => 32 + Math.floor(Math.random() * 90))
const PREFIXES = Array.from({ length: 50 }, (_, at) => `n${String(at).padStart(2, '0')}`)

let database: TestDatabase
let store: PostgresMetadataStore

beforeEach(async () => {
  database = await makeTestDatabase()
  store = await openPostgresMetadataStore({ url: database.url, isQueue: (one) => one[0] === 0x71 })
})

afterEach(async () => {
  await store.close()
  await database.remove()
})

async function write(names: readonly string[], value: Uint8Array): Promise<void> {
  for (const name of names) await store.commit({ checks: [], sets: [{ key: key(name), value }], deletes: [] })
}

/** What short ranges find that are asked for together. */
function ranges(
  asked: readonly { readonly prefix: string; readonly limit: number; readonly from?: string }[],
) {
  return Promise.all(
    asked.map(async ({ prefix, limit, from }) => {
      const begin = from === undefined ? {} : { from: key(from) }
      return (await store.range({ prefix: key(prefix), limit, ...begin })).map((entry) => text(entry.key))
    }),
  )
}

describe('short ranges of PostgreSQL that are asked for together', () => {
  it('find each its own first records, in both tables, the same one twice too', async () => {
    await write(['n01a', 'n01b', 'n01c', 'n03', 'q1', 'q2'], key('small'))
    const asked = [
      { prefix: 'n03', limit: 1 },
      { prefix: 'n01', limit: 2 },
      { prefix: 'n02', limit: 5 },
      { prefix: 'q', limit: 1 },
      { prefix: 'n01', limit: 20, from: 'n01b' },
      { prefix: 'n01', limit: 0 },
      { prefix: 'n03', limit: 1 },
    ]
    const found = [['n03'], ['n01a', 'n01b'], [], ['q1'], ['n01b', 'n01c'], [], ['n03']]
    expect(await ranges(asked)).toEqual(found)
  })

  it('are one statement', async () => {
    await write(PREFIXES, key('small'))
    const connections = new Connections(parseDatabaseUrl(database.url).connection)
    const statements: (string | undefined)[] = []
    const reader = new Reader(
      (query) => {
        statements.push(query.name)
        return connections.read(query)
      },
      () => 'records',
    )
    const found = PREFIXES.map((prefix) => reader.range({ prefix: key(prefix), limit: 1 }))
    const names = (await Promise.all(found)).map((entries) => entries.map((entry) => text(entry.key)))
    expect(names).toEqual(PREFIXES.map((prefix) => [prefix]))
    expect(statements).toEqual(['records-ranges'])
    await reader.range({ prefix: key('n'), limit: 1 })
    expect(statements.at(-1)).toBe('records-bounded-range')
    await connections.close()
  })

  it('find all of large records, too, a few at a time', async () => {
    await write(
      ['n00a', 'n00b', 'n01a', 'n02a', 'n02b', 'n04a', 'n04b', 'n04c', 'n04d', 'n04e', 'n04f'],
      LARGE,
    )
    const asked = ['n04', 'n00', 'n01', 'none', 'n02', 'n04'].map((prefix) => ({ prefix, limit: 6 }))
    const ofFour = ['n04a', 'n04b', 'n04c', 'n04d', 'n04e', 'n04f']
    expect(await ranges(asked)).toEqual([ofFour, ['n00a', 'n00b'], ['n01a'], [], ['n02a', 'n02b'], ofFour])
    const firsts = ['n00', 'n01', 'n02', 'n03', 'n04', 'n00', 'n01'].map((prefix) => ({ prefix, limit: 1 }))
    expect(await ranges(firsts)).toEqual([['n00a'], ['n01a'], ['n02a'], [], ['n04a'], ['n00a'], ['n01a']])
  })
})
