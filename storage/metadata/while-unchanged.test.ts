import { beforeEach, expect, test } from 'vitest'
import { openMemoryMetadataStore } from './memory/memory-metadata-store.ts'
import type { MetadataStore } from './metadata-store.ts'
import { WhileUnchanged } from './while-unchanged.ts'

const key = Buffer.from('a')
let store: MetadataStore
let kept: WhileUnchanged<string | undefined>
let reads = 0

beforeEach(async () => {
  store = await openMemoryMetadataStore()
  kept = new WhileUnchanged(store)
  reads = 0
})

function set(value: string): Promise<void> {
  return store.commit({ checks: [], sets: [{ key, value: Buffer.from(value) }], deletes: [] })
}

const look = () =>
  kept.get('a', async () => {
    reads += 1
    const [stored] = await store.read([key])
    return stored && Buffer.from(stored.value).toString()
  })

test('keeps what it was given until something is written', async () => {
  await set('one')
  expect([await look(), await look(), reads]).toEqual(['one', 'one', 1])
  await set('two')
  expect([await look(), await look(), reads]).toEqual(['two', 'two', 2])
})

test('keeps nothing of a state that a commit ended while it was looked at', async () => {
  await set('one')
  const late = kept.get('a', async () => {
    const [stored] = await store.read([key])
    await set('two')
    return stored && Buffer.from(stored.value).toString()
  })
  expect(await late).toBe('one')
  expect(await look()).toBe('two')
})

test('keeps nothing while a commit is on its way', async () => {
  const running = set('one')
  await Promise.resolve()
  await look()
  await running
  expect(await look()).toBe('one')
})

test('keeps nothing of a failure', async () => {
  await set('one')
  await expect(kept.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await look()).toBe('one')
})

test('keeps nothing over a store that others write to', async () => {
  const shared = new WhileUnchanged<number>({})
  expect(await shared.get('a', () => Promise.resolve(1))).toBe(1)
  expect(await shared.get('a', () => Promise.resolve(2))).toBe(2)
})

test('keeps no more than some megabytes', async () => {
  await set('one')
  const large = new WhileUnchanged<number>(store, () => 1 << 20)
  let works = 0
  const work = () => Promise.resolve((works += 1))
  for (const name of ['a', 'b', 'a', 'c', 'd', 'e', 'e']) await large.get(name, work)
  expect(works).toBe(5)
  await large.get('a', work)
  expect(works).toBe(6)
})

test('keeps nothing of before the database was opened again', async () => {
  const moving = { generation: 1 }
  const opened = new WhileUnchanged<number>(moving)
  expect(await opened.get('a', () => Promise.resolve(1))).toBe(1)
  moving.generation = 2
  expect(await opened.get('a', () => Promise.resolve(2))).toBe(2)
})
