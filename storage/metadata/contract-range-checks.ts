import { expect } from 'vitest'
import { type ContractCase, commitOf, dump, key, rangeCheck } from './contract-tools.ts'
import { type Entry, MetadataConflict, type MetadataStore, RANGE_CHECK_LIMIT } from './metadata-store.ts'

function under(store: MetadataStore, prefix: string): Promise<Entry[]> {
  return store.range({ prefix: key(prefix), limit: RANGE_CHECK_LIMIT + 1 })
}

/** A store with an owner and three records under 'r'. */
async function withRange(store: MetadataStore): Promise<Entry[]> {
  await store.commit(commitOf({ sets: { owner: 'o', q: '0', r1: '1', r2: '2', r3: '3', s: '4' } }))
  return under(store, 'r')
}

async function expectConflict(store: MetadataStore, entries: readonly Entry[], prefix = 'r'): Promise<void> {
  const before = await dump(store)
  const commit = commitOf({ checks: [rangeCheck('owner', prefix, entries)], sets: { mark: 'x' } })
  await expect(store.commit(commit)).rejects.toThrow(MetadataConflict)
  expect(await dump(store)).toEqual(before)
}

export const rangeCheckCases: readonly ContractCase[] = [
  {
    title: 'a range check of none holds while nothing is under the prefix',
    async run({ store }) {
      await store.commit(commitOf({ checks: [rangeCheck('owner', 'r')], sets: { owner: 'o', q: '', s: '' } }))
      await store.commit(commitOf({ checks: [rangeCheck('owner', 'r')], sets: { r1: '1' } }))
      await expectConflict(store, [])
    },
  },
  {
    title: 'a range check holds for exactly these keys and versions, in whatever order they are named',
    async run({ store }) {
      const entries = await withRange(store)
      await store.commit(commitOf({ checks: [rangeCheck('owner', 'r', entries)], sets: { mark: '1' } }))
      await store.commit(
        commitOf({ checks: [rangeCheck('owner', 'r', entries.toReversed())], deletes: ['r1', 'r2', 'r3'] }),
      )
      await store.commit(commitOf({ checks: [rangeCheck('owner', 'r')] }))
    },
  },
  {
    title: 'a range check does not hold once a key was added',
    async run({ store }) {
      const entries = await withRange(store)
      await store.commit(commitOf({ sets: { owner: 'o', r25: 'x' } }))
      await expectConflict(store, entries)
    },
  },
  {
    title: 'a range check does not hold once a key was removed',
    async run({ store }) {
      const entries = await withRange(store)
      await store.commit(commitOf({ deletes: ['r2'] }))
      await expectConflict(store, entries)
    },
  },
  {
    title: 'a range check does not hold once a value was written again',
    async run({ store }) {
      const entries = await withRange(store)
      await store.commit(commitOf({ sets: { r2: '2' } }))
      await expectConflict(store, entries)
    },
  },
  {
    title: 'a range check does not hold once a key was replaced by another',
    async run({ store }) {
      const entries = await withRange(store)
      await store.commit(commitOf({ sets: { owner: 'o', r4: '3' }, deletes: ['r3'] }))
      await expectConflict(store, entries)
    },
  },
  {
    title: 'a range check that names too few or too many does not hold',
    async run({ store }) {
      const entries = await withRange(store)
      await expectConflict(store, entries.slice(1))
      await expectConflict(store, [...entries, { key: key('r9'), value: key(''), version: 1n }])
      await expectConflict(store, [])
    },
  },
  {
    title: 'a range check of the empty prefix covers the store, and 0xff is no end',
    async run({ store }) {
      await store.commit(commitOf({ sets: { owner: 'o', '\u00ff\u00ff': 'last' } }))
      const all = await under(store, '')
      await store.commit(commitOf({ checks: [rangeCheck('owner', '', all)] }))
      await expectConflict(store, [], '\u00ff')
      await expectConflict(store, all.slice(0, 1), '')
    },
  },
  {
    title: 'a range check takes RANGE_CHECK_LIMIT entries; one more is a TypeError',
    async run({ store }) {
      const names = Array.from({ length: RANGE_CHECK_LIMIT }, (_, index) => `r${index}`)
      await store.commit(
        commitOf({ sets: { owner: 'o', ...Object.fromEntries(names.map((name) => [name, ''])) } }),
      )
      const entries = await under(store, 'r')
      await store.commit(
        commitOf({ checks: [rangeCheck('owner', 'r', entries)], sets: { owner: 'o', rr: '' } }),
      )
      await expectConflict(store, entries)
      const tooMany = await under(store, 'r')
      expect(tooMany).toHaveLength(RANGE_CHECK_LIMIT + 1)
      await expect(
        store.commit(commitOf({ checks: [rangeCheck('owner', 'r', tooMany)], sets: { mark: 'x' } })),
      ).rejects.toThrow(TypeError)
    },
  },
]
