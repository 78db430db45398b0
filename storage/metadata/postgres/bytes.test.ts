import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, text } from '../contract-tools.ts'
import type { Entry, RangeQuery } from '../metadata-store.ts'
import { openPostgresMetadataStore, type PostgresMetadataStore } from './postgres-metadata-store.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'

/** Of random letters, which PostgreSQL stores apart from the row. */
const LARGE = Uint8Array.from({ length: 1 << 20 }, () => 32 + Math.floor(Math.random() * 90))
const NAMES = Array.from({ length: 20 }, (_, at) => `n${String(at).padStart(2, '0')}`)

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

async function read(names: readonly string[], bytes: number): Promise<string[]> {
  return (await store.read(names.map(key), bytes)).map((stored) => (stored === undefined ? '-' : '+'))
}

async function range(query: Partial<RangeQuery>): Promise<string[]> {
  const found: Entry[] = await store.range({ prefix: key('n'), limit: 100, ...query })
  return found.map((entry) => text(entry.key))
}

describe('a range of PostgreSQL that may stop behind so many bytes', () => {
  it('ends with the record that reaches them', async () => {
    await write(NAMES, LARGE)
    expect(await range({ bytes: 1 })).toEqual(NAMES.slice(0, 1))
    expect(await range({ bytes: 3 << 20 })).toEqual(NAMES.slice(0, 3))
    expect(await range({ bytes: (3 << 20) + 1, from: key('n05') })).toEqual(NAMES.slice(5, 9))
    expect(await range({ bytes: 2 << 20, reverse: true })).toEqual(NAMES.toReversed().slice(0, 2))
    expect(await range({ bytes: 5 << 20, limit: 2 })).toEqual(NAMES.slice(0, 2))
    expect(await range({ bytes: 1 << 30 })).toEqual(NAMES)
  })

  it('goes over both tables in the order of keys', async () => {
    await write(['m', 'q', 'r'], LARGE)
    expect(await range({ prefix: key(''), bytes: 2 << 20 })).toEqual(['m', 'q'])
  })

  it('gives records without a byte, all of them', async () => {
    await write(NAMES, new Uint8Array(0))
    expect(await range({ bytes: 1 })).toEqual(NAMES)
  })
})

describe('a read of PostgreSQL that may stop behind so many bytes', () => {
  it('answers up to the record that reaches them, in one trip', async () => {
    await write(NAMES, LARGE)
    expect(await read(['n00', 'none', 'n01', 'n02'], 2 << 20)).toEqual(['+', '-', '+'])
    expect(await read(['none', 'n01', 'more'], 1)).toEqual(['-', '+'])
    expect(await read(['n01', 'n01', 'n01', 'n02'], 1)).toEqual(['+'])
    expect(await read(['none', 'more'], 1)).toEqual(['-', '-'])
    expect(await read(NAMES, 1 << 30)).toEqual(NAMES.map(() => '+'))
  })

  it('reads both tables', async () => {
    await write(['m', 'q', 'r'], LARGE)
    expect(await read(['r', 'q', 'none', 'm'], 1 << 30)).toEqual(['+', '+', '-', '+'])
    expect(await read(['r', 'q', 'none', 'm'], 2 << 20)).toEqual(['+', '+'])
  })
})
