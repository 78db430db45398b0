import { afterEach, beforeEach, expect, it } from 'vitest'
import { commitOf, dump, existsCheck, get, key, rangeCheck, text } from '../contract-tools.ts'
import { createMemoryLevel } from '../memory/memory-metadata-store.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { noBallast } from './ballast.ts'
import type { LevelDatabase } from './level-database.ts'
import { openLevelStoreOver } from './level-metadata-store.ts'

let batches: number[]
let reads: string[]
/** Called in the midst of each batch: nothing of it is there yet. */
let amid: () => Promise<void>
let store: MetadataStore

/** Counts the operations of each batch and tells which way keys are read. */
function watched(database: LevelDatabase): LevelDatabase {
  return {
    open: () => database.open(),
    close: () => database.close(),
    getSync: (one, options) => {
      reads.push(options.snapshot === undefined ? 'getSync' : 'getSync of a snapshot')
      return database.getSync(one, options)
    },
    getMany: (keys, options) => {
      reads.push('getMany')
      return database.getMany(keys, options)
    },
    iterator: (options) => database.iterator(options),
    snapshot: () => database.snapshot(),
    batch: async (operations, options) => {
      batches.push(operations.length)
      expect(options.sync).toBe(true)
      await amid()
      await database.batch(operations, options)
    },
  }
}

beforeEach(async () => {
  batches = []
  amid = () => Promise.resolve()
  reads = []
  store = await openLevelStoreOver({
    database: watched(createMemoryLevel()),
    ballast: noBallast,
    place: 'a watched database',
    recoveryMilliseconds: 0,
    notice: () => undefined,
  })
  reads = []
})

afterEach(async () => {
  await store.close()
})

it('commits made side by side share one synced batch, with one record for the counter', async () => {
  await Promise.all(
    Array.from({ length: 64 }, (_, at) => store.commit(commitOf({ sets: { [`k${at}`]: '' } }))),
  )
  expect(batches).toEqual([65])
})

it('a group is bounded in commits, in bytes and in changes', async () => {
  await Promise.all(
    Array.from({ length: 300 }, (_, at) => store.commit(commitOf({ sets: { [`k${at}`]: '' } }))),
  )
  expect(batches).toEqual([257, 45])
  batches = []
  const half = 'x'.repeat(600_000)
  await Promise.all(
    Array.from({ length: 4 }, (_, at) => store.commit(commitOf({ sets: { [`k${at}`]: half } }))),
  )
  expect(batches).toEqual([3, 3])
  batches = []
  const many = (at: number) =>
    Object.fromEntries(Array.from({ length: 250 }, (_, key) => [`k${at}-${key}`, '']))
  await Promise.all(Array.from({ length: 4 }, (_, at) => store.commit(commitOf({ sets: many(at) }))))
  expect(batches).toEqual([751, 251])
})

it('within a group each commit is checked against those before it, in the order they came', async () => {
  await store.commit(commitOf({ sets: { owner: '', r1: '', r2: '' } }))
  const outcomes = await Promise.allSettled([
    store.commit(commitOf({ deletes: ['r1', 'r2'] })),
    store.commit(commitOf({ checks: [rangeCheck('owner', 'r')], sets: { found: 'empty' } })),
    store.commit(commitOf({ checks: [existsCheck('found')], deletes: ['owner'] })),
    store.commit(commitOf({ checks: [existsCheck('owner')], sets: { r3: '' } })),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  expect(batches).toEqual([4, 5])
  expect(await dump(store)).toEqual([['found', 'empty']])
})

it('commits of checks alone write nothing', async () => {
  await store.commit(commitOf({ checks: [rangeCheck('owner', 'r')] }))
  expect(batches).toEqual([])
})

it('nobody reads what is not committed yet, and several keys are read from one moment', async () => {
  await store.commit(commitOf({ sets: { a: '1', b: '1' } }))
  amid = async () => {
    reads = []
    const both = await store.read([key('a'), key('b')])
    expect(both.map((stored) => stored && text(stored.value))).toEqual(['1', '1'])
    expect(reads).toEqual(['getSync of a snapshot', 'getSync of a snapshot'])
    expect((await dump(store)).map(([, value]) => value)).toEqual(['1', '1'])
  }
  await store.commit(commitOf({ sets: { a: '2', b: '2' } }))
  reads = []
  expect((await get(store, 'a'))?.value).toEqual(key('2'))
  expect(reads).toEqual(['getSync'])
})
