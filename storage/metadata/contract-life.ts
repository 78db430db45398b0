import { expect } from 'vitest'
import { StoreUnavailable } from '../store-errors.ts'
import {
  type ContractCase,
  commitOf,
  dump,
  get,
  key,
  text,
  versionCheck,
  versionOf,
} from './contract-tools.ts'

export const lifeCases: readonly ContractCase[] = [
  {
    title: 'a snapshot shows one moment, in reads and ranges, whatever is committed later',
    async run({ store }) {
      await store.commit(commitOf({ sets: { a: '1', b: '1' } }))
      const snapshot = await store.snapshot()
      try {
        const version = await versionOf(store, 'a')
        await store.commit(commitOf({ sets: { a: '2', c: '2' }, deletes: ['b'] }))
        const [a, b, c] = await snapshot.read([key('a'), key('b'), key('c')])
        expect([a && text(a.value), a?.version, b && text(b.value), c]).toEqual([
          '1',
          version,
          '1',
          undefined,
        ])
        expect(await dump(snapshot)).toEqual([
          ['a', '1'],
          ['b', '1'],
        ])
        expect(await dump(store)).toEqual([
          ['a', '2'],
          ['c', '2'],
        ])
      } finally {
        await snapshot.close()
      }
    },
  },
  {
    title: 'snapshots stand side by side',
    async run({ store }) {
      const snapshots = []
      for (let turn = 0; turn < 3; turn += 1) {
        await store.commit(commitOf({ sets: { a: String(turn) } }))
        snapshots.push(await store.snapshot())
      }
      const values = await Promise.all(snapshots.map(async (one) => (await dump(one))[0]?.[1]))
      for (const snapshot of snapshots) await snapshot.close()
      expect(values).toEqual(['0', '1', '2'])
    },
  },
  {
    title: 'what was committed is there after close and open, versions too',
    needs: 'durable',
    async run({ store, reopen }) {
      await store.commit(commitOf({ sets: { a: '1', b: '2', gone: 'x' } }))
      await store.commit(commitOf({ deletes: ['gone'] }))
      const before = await store.range({ prefix: key(''), limit: 10 })
      const again = await reopen()
      expect(await again.range({ prefix: key(''), limit: 10 })).toEqual(before)
      await again.commit(
        commitOf({ checks: [versionCheck('a', await versionOf(again, 'a'))], sets: { a: '3' } }),
      )
    },
  },
  {
    title: 'a version is not used again after delete, close and open',
    needs: 'durable',
    async run({ store, reopen }) {
      const seen = new Set<bigint>()
      let current = store
      for (let round = 0; round < 3; round += 1) {
        await current.commit(commitOf({ sets: { a: '1', b: '2' } }))
        for (const name of ['a', 'b']) {
          const version = await versionOf(current, name)
          expect(seen.has(version)).toBe(false)
          seen.add(version)
        }
        await current.commit(commitOf({ deletes: ['a', 'b'] }))
        current = await reopen()
        expect(await get(current, 'a')).toBeUndefined()
      }
    },
  },
  {
    title:
      'close settles every commit that was made: what resolved is there, what did not is StoreUnavailable',
    needs: 'durable',
    async run({ store, reopen }) {
      const commits = Array.from({ length: 50 }, (_, index) =>
        store.commit(commitOf({ sets: { [`k${index}`]: '' } })),
      )
      const [outcomes] = await Promise.all([Promise.allSettled(commits), store.close()])
      const again = await reopen()
      const there = new Set((await dump(again)).map(([name]) => name))
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') expect(there).toContain(`k${index}`)
        else expect(outcome.reason).toBeInstanceOf(StoreUnavailable)
      }
    },
  },
  {
    title: 'a closed store answers StoreUnavailable, and closes again without complaint',
    async run({ store }) {
      await store.close()
      await store.close()
      await expect(store.read([key('a')])).rejects.toThrow(StoreUnavailable)
      await expect(store.range({ prefix: key(''), limit: 1 })).rejects.toThrow(StoreUnavailable)
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      await expect(store.snapshot()).rejects.toThrow(StoreUnavailable)
    },
  },
]
