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
