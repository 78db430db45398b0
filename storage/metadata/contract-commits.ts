import { expect } from 'vitest'
import {
  type ContractCase,
  commitOf,
  dump,
  existsCheck,
  get,
  key,
  text,
  versionCheck,
  versionOf,
} from './contract-tools.ts'
import { MetadataConflict } from './metadata-store.ts'

export const commitCases: readonly ContractCase[] = [
  {
    title: 'a commit sets and deletes; deleting what is absent is nothing',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1', b: '2', c: '3' } }))
      await store.commit(commitOf({ sets: { b: '22', d: '4' }, deletes: ['a', 'none'] }))
      expect(await dump(store)).toEqual([
        ['b', '22'],
        ['c', '3'],
        ['d', '4'],
      ])
    },
  },
  {
    title: 'a commit of nothing resolves; one of checks alone tells whether they hold',
    async run({ store }) {
      await store.commit(commitOf({}))
      await store.commit(commitOf({ checks: [versionCheck('a', undefined)] }))
      await expect(store.commit(commitOf({ checks: [existsCheck('a')] }))).rejects.toThrow(MetadataConflict)
    },
  },
  {
    title: 'every write gives a new version, also of the same value; others keep theirs',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1', other: '1' } }))
      const [first, other] = [await versionOf(store, 'a'), await versionOf(store, 'other')]
      await store.commit(commitOf({ sets: { a: '1' } }))
      expect(await versionOf(store, 'a')).not.toBe(first)
      expect(await versionOf(store, 'other')).toBe(other)
    },
  },
  {
    title: 'a version is never used again, also not after a delete',
    async run({ store }) {
      const seen = new Set<bigint>()
      for (let round = 0; round < 20; round += 1) {
        await store.commit(commitOf({ sets: { a: '1' } }))
        const version = await versionOf(store, 'a')
        expect(seen.has(version)).toBe(false)
        seen.add(version)
        await store.commit(commitOf({ deletes: ['a'] }))
        await expect(store.commit(commitOf({ checks: [versionCheck('a', version)] }))).rejects.toThrow(
          MetadataConflict,
        )
      }
    },
  },
  {
    title: 'a version check holds for that version alone',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1' } }))
      const version = await versionOf(store, 'a')
      await expect(
        store.commit(commitOf({ checks: [versionCheck('a', version + 1n)], sets: { a: 'wrong' } })),
      ).rejects.toThrow(MetadataConflict)
      await store.commit(commitOf({ checks: [versionCheck('a', version)], sets: { a: '2' } }))
      await expect(
        store.commit(commitOf({ checks: [versionCheck('a', version)], sets: { a: '3' } })),
      ).rejects.toThrow(MetadataConflict)
      expect(await dump(store)).toEqual([['a', '2']])
    },
  },
  {
    title: 'an absent check holds while there is no record, and a version check never without one',
    async run({ store }) {
      await store.commit(commitOf({ checks: [versionCheck('a', undefined)], sets: { a: '1' } }))
      await expect(
        store.commit(commitOf({ checks: [versionCheck('a', undefined)], sets: { a: '2' } })),
      ).rejects.toThrow(MetadataConflict)
      await expect(store.commit(commitOf({ checks: [versionCheck('none', 1n)] }))).rejects.toThrow(
        MetadataConflict,
      )
      await store.commit(commitOf({ deletes: ['a'] }))
      await store.commit(commitOf({ checks: [versionCheck('a', undefined)], sets: { b: '1' } }))
      expect(await dump(store)).toEqual([['b', '1']])
    },
  },
  {
    title: 'an exists check holds for every version and not after a delete',
    async run({ store }) {
      await store.commit(commitOf({ sets: { owner: '1' } }))
      await store.commit(commitOf({ sets: { owner: '2' } }))
      await store.commit(commitOf({ checks: [existsCheck('owner')], sets: { a: '1' } }))
      await store.commit(commitOf({ checks: [existsCheck('owner')], deletes: ['owner'] }))
      await expect(
        store.commit(commitOf({ checks: [existsCheck('owner')], sets: { a: '2' } })),
      ).rejects.toThrow(MetadataConflict)
      expect(await dump(store)).toEqual([['a', '1']])
    },
  },
  {
    title: 'checks look at what was before their own commit',
    async run({ store }) {
      await expect(store.commit(commitOf({ checks: [existsCheck('a')], sets: { a: '1' } }))).rejects.toThrow(
        MetadataConflict,
      )
      await store.commit(commitOf({ checks: [versionCheck('a', undefined)], sets: { a: '1' } }))
      await store.commit(commitOf({ checks: [existsCheck('a')], deletes: ['a'] }))
      expect(await dump(store)).toEqual([])
    },
  },
  {
    title: 'one check that fails among many leaves everything as it was, versions included',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1', b: '2' } }))
      const before = await store.range({ prefix: key(''), limit: 10 })
      const checks = [existsCheck('a'), versionCheck('new', undefined), existsCheck('none'), existsCheck('b')]
      await expect(
        store.commit(commitOf({ checks, sets: { a: '9', new: '9' }, deletes: ['b'] })),
      ).rejects.toThrow(MetadataConflict)
      expect(await store.range({ prefix: key(''), limit: 10 })).toEqual(before)
    },
  },
  {
    title: 'a key that is written twice in one commit is a TypeError, and nothing happens',
    async run({ store }) {
      const set = { key: key('a'), value: key('1') }
      const twice = [
        { checks: [], sets: [set], deletes: [key('a')] },
        { checks: [], sets: [set, { key: key('a'), value: key('2') }], deletes: [] },
        { checks: [], sets: [set], deletes: [key('b'), key('b')] },
      ]
      for (const commit of twice) await expect(store.commit(commit)).rejects.toThrow(TypeError)
      expect(await dump(store)).toEqual([])
    },
  },
  {
    title: 'a commit may hold thousands of records',
    async run({ store }) {
      const names = Array.from({ length: 2000 }, (_, index) => `k${index}`)
      await store.commit(commitOf({ sets: Object.fromEntries(names.map((name) => [name, name])) }))
      expect(await dump(store)).toHaveLength(2000)
      await store.commit(commitOf({ checks: names.slice(0, 500).map(existsCheck), deletes: names }))
      expect(await dump(store)).toEqual([])
    },
  },
  {
    title: 'the empty key is a key like another',
    async run({ store }) {
      await store.commit(commitOf({ checks: [versionCheck('', undefined)], sets: { '': 'here' } }))
      const found = await get(store, '')
      expect(found && text(found.value)).toBe('here')
      await store.commit(commitOf({ checks: [existsCheck('')], deletes: [''] }))
      expect(await get(store, '')).toBeUndefined()
    },
  },
]
