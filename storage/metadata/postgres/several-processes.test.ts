import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commitOf, dump, get, text } from '../contract-tools.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'

const PROGRAM = fileURLToPath(new URL('hammer-child.ts', import.meta.url))

let database: TestDatabase
let store: MetadataStore

beforeEach(async () => {
  database = await makeTestDatabase()
  store = await openPostgresMetadataStore({ url: database.url, isQueue: (bytes) => bytes[0] === 0x72 })
})

afterEach(async () => {
  await store.close()
  await database.remove()
})

/** Does `work` in several processes at once; all must end well. */
async function hammer(work: string, processes: number): Promise<void> {
  const ends = Array.from({ length: processes }, async (_, index) => {
    const args = ['--disable-warning=ExperimentalWarning', PROGRAM, database.url, work, String(index)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended: unknown[] = await once(child, 'exit')
    return ended[0]
  })
  expect(await Promise.all(ends)).toEqual(Array.from({ length: processes }, () => 0))
}

it('processes that count up one record lose no update', { timeout: 120_000 }, async () => {
  await hammer('count', 3)
  const found = await get(store, 'count')
  expect(found && text(found.value)).toBe('180')
})

it('processes that add below an owner and collect it leave no entry without it', {
  timeout: 120_000,
}, async () => {
  await hammer('collect', 3)
})

it('two processes that set 1,000 tags each leave 2,000', { timeout: 120_000 }, async () => {
  await store.commit(commitOf({ sets: { name: '' } }))
  await hammer('tag', 2)
  expect(await dump(store, 't')).toHaveLength(2000)
  expect(await dump(store, 'l')).toHaveLength(2000)
})

it('many replicas that begin at once make the tables once', { timeout: 120_000 }, async () => {
  const empty = await makeTestDatabase()
  const stores = await Promise.all(
    Array.from({ length: 6 }, () => openPostgresMetadataStore({ url: empty.url, isQueue: () => false })),
  )
  for (const one of stores) await one.close()
  expect(await empty.sql('select version from lamina_schema')).toEqual([{ version: 1 }])
  await empty.remove()
})
