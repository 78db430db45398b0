import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { commitOf, dump, get, key, text, versionCheck } from '../contract-tools.ts'
import { MetadataConflict, type MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'
import { type Cut, TestProxy } from './test-proxy.ts'

let database: TestDatabase
let proxy: TestProxy
let store: MetadataStore

beforeEach(async () => {
  database = await makeTestDatabase()
  proxy = await TestProxy.open(database.url)
  store = await openPostgresMetadataStore({ url: proxy.url, isQueue: () => false })
})

afterEach(async () => {
  proxy.cut = () => undefined
  proxy.up()
  await store.close()
  await proxy.close()
  await database.remove()
})

/** Adds a record that must not be there yet: a commit that was done twice would find its own record. */
function add(name: string): Promise<void> {
  return store.commit(commitOf({ checks: [versionCheck(name, undefined)], sets: { [name]: '' } }))
}

/** Counts one record up, again after conflicts with others. */
async function count(name: string): Promise<void> {
  for (;;) {
    const found = await get(store, name)
    const next = String(Number(found === undefined ? 0 : text(found.value)) + 1)
    try {
      await store.commit(commitOf({ checks: [versionCheck(name, found?.version)], sets: { [name]: next } }))
      return
    } catch (error) {
      if (!(error instanceof MetadataConflict)) throw error
    }
  }
}

/** Cuts some of the commits, of each kind in turn. */
function cutting(each: number, kinds: readonly Cut[] = ['before', 'after', 'during']): () => Cut | undefined {
  let seen = 0
  return () => {
    seen += 1
    return seen % each === 0 ? kinds[(seen / each) % kinds.length] : undefined
  }
}

describe('a connection that is cut while COMMIT is on its way', () => {
  it.each(['before', 'after', 'during'] as const)('%s: the commit is done once', async (kind) => {
    let left = 1
    proxy.cut = () => (left-- > 0 ? kind : undefined)
    await add('a')
    expect(left).toBeLessThan(1)
    expect(await dump(store)).toEqual([['a', '']])
  })

  it('again and again, with many at once: nothing is lost and nothing doubles', async () => {
    proxy.cut = cutting(3)
    const names = Array.from({ length: 60 }, (_, index) => `k${index}`)
    await Promise.all(names.map(add))
    expect((await dump(store, 'k')).map(([name]) => name)).toEqual(names.toSorted())
  })

  it('a counter that many count up ends where it should', async () => {
    proxy.cut = cutting(4)
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let turn = 0; turn < 6; turn += 1) await count('n')
      }),
    )
    const found = await get(store, 'n')
    expect(found && text(found.value)).toBe('30')
  })

  it('a conflict stays a conflict', async () => {
    await add('a')
    proxy.cut = cutting(2, ['after'])
    await expect(add('a')).rejects.toThrow(MetadataConflict)
    await add('b')
    await expect(add('b')).rejects.toThrow(MetadataConflict)
  })
})

describe('a server that goes away', () => {
  it('for a moment: reads and commits wait for it', async () => {
    await add('a')
    proxy.down()
    const later = Promise.all([add('b'), get(store, 'a'), store.range({ prefix: key('a'), limit: 5 })])
    await setTimeout(1200)
    proxy.up()
    const [, found, entries] = await later
    expect([found?.value.length, entries.length]).toEqual([0, 1])
    expect(await dump(store)).toEqual([
      ['a', ''],
      ['b', ''],
    ])
  })

  it('takes snapshots along, and they say so', async () => {
    await add('a')
    const snapshot = await store.snapshot()
    proxy.down()
    await expect(snapshot.read([key('a')])).rejects.toThrow(StoreUnavailable)
    proxy.up()
    await snapshot.close()
    expect(await dump(store)).toEqual([['a', '']])
  })

  it('without a word takes snapshots along, too, and nobody waits for ever', async () => {
    await add('a')
    const snapshot = await store.snapshot()
    proxy.isSilent = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const reads = [snapshot.read([key('a')]), snapshot.range({ prefix: key('a'), limit: 1 })]
    const refused = Promise.all(reads.map((read) => expect(read).rejects.toThrow(StoreUnavailable)))
    // All statements are on their way.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(60_000)
    vi.useRealTimers()
    await refused
    await snapshot.close()
    proxy.isSilent = false
  })

  it('backends that are terminated while they work cost nothing but time', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `k${index}`)
    const working = { is: true }
    const killer = (async () => {
      while (working.is) {
        await database.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${database.name}' and pid <> pg_backend_pid() and random() < 0.3`,
        )
        await setTimeout(20)
      }
    })()
    try {
      for (let at = 0; at < names.length; at += 20) await Promise.all(names.slice(at, at + 20).map(add))
    } finally {
      working.is = false
      await killer
    }
    expect((await dump(store, 'k')).map(([name]) => name)).toEqual(names.toSorted())
  })
})
