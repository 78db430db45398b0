import { expect } from 'vitest'
import { type ContractCase, commitOf, get, key, text } from './contract-tools.ts'
import type { MetadataStore, RangeQuery } from './metadata-store.ts'

const ORDERED = [
  '',
  '\u0000',
  '\u0000\u0000',
  '\u0000\u00ff',
  'a',
  'a\u0000',
  'ab',
  'a\u00ff',
  'b',
  '\u00ff',
  '\u00ff\u0000',
  '\u00ff\u00ff',
]

async function keysOf(store: MetadataStore, query: Partial<RangeQuery>): Promise<string[]> {
  const entries = await store.range({ prefix: key(''), limit: 1000, ...query })
  return entries.map((entry) => text(entry.key))
}

async function withAll(store: MetadataStore): Promise<void> {
  const sets = ORDERED.toReversed().map((name) => ({ key: key(name), value: key(`value of ${name}`) }))
  await store.commit({ checks: [], sets, deletes: [] })
}

export const readCases: readonly ContractCase[] = [
  {
    title: 'an empty store has nothing',
    async run({ store }) {
      expect(await store.read([])).toEqual([])
      expect(await store.read([key('a'), key('')])).toEqual([undefined, undefined])
      expect(await keysOf(store, {})).toEqual([])
      expect(await keysOf(store, { reverse: true })).toEqual([])
    },
  },
  {
    title:
      'a range that may stop behind so many bytes gives the first of its records, and goes on behind them',
    async run({ store }) {
      const names = Array.from({ length: 40 }, (_, index) => `b${String(index).padStart(2, '0')}`)
      const value = 'x'.repeat(100_000)
      await store.commit(commitOf({ sets: Object.fromEntries(names.map((name) => [name, value])) }))
      const found: string[] = []
      for (let from = key('b'); ; ) {
        const page = await store.range({ prefix: key('b'), from, limit: 30, bytes: 500_000 })
        const values = page.reduce((sum, entry) => sum + entry.value.length, 0)
        const end = page.at(-1)
        if (end === undefined) break
        found.push(...page.map((entry) => text(entry.key)))
        // It stops for nothing else.
        if (page.length < 30 && values < 500_000) break
        from = Buffer.concat([end.key, Uint8Array.of(0)])
      }
      expect(found).toEqual(names)
    },
  },
  {
    title: 'a read that may stop behind so many bytes answers the first of its keys, and goes on behind them',
    async run({ store }) {
      const names = Array.from({ length: 40 }, (_, index) => `b${String(index).padStart(2, '0')}`)
      const value = 'x'.repeat(100_000)
      const there = names.filter((_, index) => index % 3 > 0)
      await store.commit(commitOf({ sets: Object.fromEntries(there.map((name) => [name, value])) }))
      const asked = [...names.toReversed(), 'b39', 'b01', 'r01']
      const found: boolean[] = []
      while (found.length < asked.length) {
        const some = await store.read(asked.slice(found.length).map(key), 500_000)
        expect(some.length).toBeGreaterThan(0)
        expect(some.filter(Boolean).length).toBeLessThan(10)
        found.push(...some.map((stored) => stored !== undefined))
      }
      expect(found).toEqual(asked.map((name) => there.includes(name)))
      expect(await store.read([], 1)).toEqual([])
      expect(await store.read([key('b01'), key('r01'), key('b01')], 1 << 20)).toEqual(
        await store.read([key('b01'), key('r01'), key('b01')]),
      )
    },
  },
  {
    title: 'read answers in the order of the keys, also for one that is asked twice',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1', b: '2' } }))
      const values = (await store.read(['b', 'none', 'a', 'b'].map(key))).map((stored) => stored?.value)
      expect(values).toEqual([key('2'), undefined, key('1'), key('2')])
    },
  },
  {
    title: 'read takes a thousand keys',
    async run({ store }) {
      const names = Array.from({ length: 1000 }, (_, index) => `k${index}`)
      await store.commit(commitOf({ sets: Object.fromEntries(names.map((name) => [name, name])) }))
      const found = await store.read(names.map(key))
      expect(found.map((stored) => stored && text(stored.value))).toEqual(names)
    },
  },
  {
    title: 'values are any bytes: none, all 256, a mebibyte',
    async run({ store }) {
      const values = [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, index) => index),
        new Uint8Array(1 << 20).fill(0xab),
      ]
      const sets = values.map((value, index) => ({ key: key(`v${index}`), value }))
      await store.commit({ checks: [], sets, deletes: [] })
      const found = await store.read(sets.map((set) => set.key))
      expect(found.map((stored) => Buffer.from(stored?.value ?? []))).toEqual(
        values.map((value) => Buffer.from(value)),
      )
    },
  },
  {
    title: 'what the caller does to its bytes, before or after, does not reach the store',
    async run({ store }) {
      const [name, value] = [key('name'), key('value')]
      const committed = store.commit({ checks: [], sets: [{ key: name, value }], deletes: [] })
      name.fill(0)
      value.fill(0)
      await committed
      const found = await get(store, 'name')
      expect(found && text(found.value)).toBe('value')
      found?.value.fill(0)
      for (const entry of await store.range({ prefix: key('name'), limit: 1 })) {
        entry.key.fill(0)
        entry.value.fill(0)
      }
      const [again] = await store.range({ prefix: key(''), limit: 2 })
      expect(again && [text(again.key), text(again.value)]).toEqual(['name', 'value'])
    },
  },
  {
    title: 'range goes in the order of bytes, and back',
    async run({ store }) {
      await withAll(store)
      expect(await keysOf(store, {})).toEqual(ORDERED)
      expect(await keysOf(store, { reverse: true })).toEqual(ORDERED.toReversed())
    },
  },
  {
    title: 'range keeps to its prefix, 0xff at the end included',
    async run({ store }) {
      await withAll(store)
      expect(await keysOf(store, { prefix: key('a') })).toEqual(['a', 'a\u0000', 'ab', 'a\u00ff'])
      expect(await keysOf(store, { prefix: key('a\u00ff') })).toEqual(['a\u00ff'])
      expect(await keysOf(store, { prefix: key('\u00ff') })).toEqual([
        '\u00ff',
        '\u00ff\u0000',
        '\u00ff\u00ff',
      ])
      expect(await keysOf(store, { prefix: key('\u00ff\u00ff') })).toEqual(['\u00ff\u00ff'])
      expect(await keysOf(store, { prefix: key('\u0000'), reverse: true })).toEqual([
        '\u0000\u00ff',
        '\u0000\u0000',
        '\u0000',
      ])
      expect(await keysOf(store, { prefix: key('none') })).toEqual([])
    },
  },
  {
    title: 'range starts at `from`, itself included, whether the key is there or not',
    async run({ store }) {
      await withAll(store)
      expect(await keysOf(store, { from: key('ab') })).toEqual(ORDERED.slice(ORDERED.indexOf('ab')))
      expect(await keysOf(store, { from: key('aa') })).toEqual(ORDERED.slice(ORDERED.indexOf('ab')))
      expect(await keysOf(store, { prefix: key('a'), from: key('a\u0001') })).toEqual(['ab', 'a\u00ff'])
      expect(await keysOf(store, { prefix: key('a'), from: key('') })).toEqual([
        'a',
        'a\u0000',
        'ab',
        'a\u00ff',
      ])
      expect(await keysOf(store, { prefix: key('a'), from: key('b') })).toEqual([])
      expect(await keysOf(store, { from: key('\u00ff\u00ff\u00ff') })).toEqual([])
    },
  },
  {
    title: 'range in reverse ends before `from`, itself excluded',
    async run({ store }) {
      await withAll(store)
      const before = (name: string) => ORDERED.slice(0, ORDERED.indexOf(name)).toReversed()
      expect(await keysOf(store, { from: key('b'), reverse: true })).toEqual(before('b'))
      expect(await keysOf(store, { from: key('ac'), reverse: true })).toEqual(['ab', ...before('ab')])
      expect(await keysOf(store, { prefix: key('a'), from: key('ab'), reverse: true })).toEqual([
        'a\u0000',
        'a',
      ])
      expect(await keysOf(store, { prefix: key('a'), from: key('a'), reverse: true })).toEqual([])
      expect(await keysOf(store, { prefix: key('a'), from: key('b'), reverse: true })).toHaveLength(4)
      expect(await keysOf(store, { prefix: key('a'), from: key('\u00ff'), reverse: true })).toHaveLength(4)
      expect(await keysOf(store, { from: key(''), reverse: true })).toEqual([])
    },
  },
  {
    title: 'range gives at most `limit`, from the end it starts at; pages join without gap or overlap',
    async run({ store }) {
      await withAll(store)
      expect(await keysOf(store, { limit: 0 })).toEqual([])
      expect(await keysOf(store, { limit: 1 })).toEqual([''])
      expect(await keysOf(store, { limit: 2, reverse: true })).toEqual(['\u00ff\u00ff', '\u00ff\u0000'])
      const pages: string[] = []
      for (let from = key(''); ; ) {
        const page = await keysOf(store, { from, limit: 5 })
        pages.push(...page)
        const last = page.at(-1)
        if (page.length < 5 || last === undefined) break
        from = key(`${last}\u0000`)
      }
      expect(pages).toEqual(ORDERED)
    },
  },
  {
    title: 'a limit that is no whole number from 0 on is a TypeError',
    async run({ store }) {
      for (const limit of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(store.range({ prefix: key(''), limit })).rejects.toThrow(TypeError)
      }
    },
  },
  {
    title: 'range gives the same versions as read, and thousands of entries',
    async run({ store }) {
      const sets = Array.from({ length: 3000 }, (_, index) => ({
        key: key(`n${String(index).padStart(4, '0')}`),
        value: key(String(index)),
      }))
      await store.commit({ checks: [], sets, deletes: [] })
      const entries = await store.range({ prefix: key('n'), limit: 5000 })
      expect(entries.map((entry) => text(entry.key))).toEqual(sets.map((set) => text(set.key)))
      const read = await store.read(sets.map((set) => set.key))
      expect(entries.map(({ version }) => version)).toEqual(read.map((stored) => stored?.version))
    },
  },
]
