import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import {
  type ContractCase,
  commitOf,
  dump,
  existsCheck,
  get,
  key,
  rangeCheck,
  text,
  versionCheck,
  versionOf,
} from './contract-tools.ts'
import { type Commit, MetadataConflict, type MetadataStore } from './metadata-store.ts'

/** Whether it went through; anything but a conflict is thrown. */
async function wins(store: MetadataStore, commit: Commit): Promise<boolean> {
  try {
    await store.commit(commit)
    return true
  } catch (error) {
    if (error instanceof MetadataConflict) return false
    throw error
  }
}

/** Attempts that follow each other at once. */
const AT_ONCE = 3
/** What each further one adds to the longest pause before it, in milliseconds. */
const PAUSE = 50

/** Reads a number, adds one, commits, and again after a conflict: after a pause when there were several, as writers do. */
async function increment(store: MetadataStore, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > AT_ONCE) await sleep(Math.random() * PAUSE * (attempt - AT_ONCE))
    const found = await get(store, name)
    const next = String(Number(found === undefined ? 0 : text(found.value)) + 1)
    if (await wins(store, commitOf({ checks: [versionCheck(name, found?.version)], sets: { [name]: next } })))
      return
  }
}

async function raceForOwner(store: MetadataStore, round: number): Promise<void> {
  await store.commit(commitOf({ sets: { owner: String(round) } }))
  const version = await versionOf(store, 'owner')
  const checkOrWrite =
    round % 2 === 0
      ? commitOf({ checks: [existsCheck('owner')], sets: { r1: 'held' } })
      : commitOf({ checks: [versionCheck('owner', version)], sets: { owner: 'again', r1: 'held' } })
  const collect = commitOf({ checks: [rangeCheck('owner', 'r')], deletes: ['owner'] })
  const first = round % 4 < 2 ? [checkOrWrite, collect] : [collect, checkOrWrite]
  const won = await Promise.all(first.map((commit) => wins(store, commit)))
  expect(won.filter(Boolean)).toHaveLength(1)
  // Either the owner and what it holds are there, or neither.
  const names = (await dump(store)).map(([name]) => name)
  expect([[], ['owner', 'r1']]).toContainEqual(names)
  await store.commit(commitOf({ deletes: ['owner', 'r1'] }))
}

export const concurrencyCases: readonly ContractCase[] = [
  {
    title: '64 writers that count up one record and retry on conflict lose nothing',
    async run({ store }) {
      await Promise.all(
        Array.from({ length: 64 }, async () => {
          for (let turn = 0; turn < 3; turn += 1) await increment(store, 'count')
        }),
      )
      const found = await get(store, 'count')
      expect(found && text(found.value)).toBe(String(64 * 3))
    },
  },
  {
    title: '64 writers of records of their own never conflict',
    async run({ store }) {
      const names = Array.from({ length: 64 }, (_, index) => `w${index}`)
      await Promise.all(
        names.map(async (name) => {
          for (let turn = 0; turn < 5; turn += 1) {
            const found = await get(store, name)
            await store.commit(
              commitOf({ checks: [versionCheck(name, found?.version)], sets: { [name]: String(turn) } }),
            )
          }
        }),
      )
      expect(await dump(store)).toEqual(names.toSorted().map((name) => [name, '4']))
    },
  },
  {
    title: 'of many that create the same record at once, one wins',
    async run({ store }) {
      const won = await Promise.all(
        Array.from({ length: 32 }, (_, index) =>
          wins(store, commitOf({ checks: [versionCheck('a', undefined)], sets: { a: String(index) } })),
        ),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await dump(store)).toEqual([['a', String(won.indexOf(true))]])
    },
  },
  {
    title: 'the owner rule: who adds to a range and who finds it empty never both win',
    async run({ store }) {
      for (let round = 0; round < 60; round += 1) await raceForOwner(store, round)
    },
  },
  {
    title: 'the owner rule with many at once: an owner that is gone holds nothing',
    async run({ store }) {
      for (let round = 0; round < 10; round += 1) {
        await store.commit(commitOf({ sets: { owner: '' } }))
        const adds = Array.from({ length: 12 }, (_, index) =>
          commitOf({ checks: [existsCheck('owner')], sets: { [`r${index}`]: '' } }),
        )
        adds.splice(round, 0, commitOf({ checks: [rangeCheck('owner', 'r')], deletes: ['owner'] }))
        const won = await Promise.all(adds.map((commit) => wins(store, commit)))
        const held = await dump(store, 'r')
        expect(held).toHaveLength(won.filter((one, index) => one && index !== round).length)
        expect(held.length === 0).toBe(won[round])
        await store.commit(commitOf({ deletes: ['owner', ...held.map(([name]) => name)] }))
      }
    },
  },
  {
    title: 'one who fails among many at once takes nobody along',
    async run({ store }) {
      const won = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          wins(
            store,
            commitOf({ checks: index % 4 === 0 ? [existsCheck('none')] : [], sets: { [`k${index}`]: '' } }),
          ),
        ),
      )
      expect(won).toEqual(Array.from({ length: 40 }, (_, index) => index % 4 !== 0))
      expect(await dump(store)).toHaveLength(30)
    },
  },
  {
    title: 'a range check beside deletes in the range holds only for what one moment held',
    async run({ store }) {
      for (let round = 0; round < 10; round += 1) {
        await store.commit(commitOf({ sets: { owner: '', r1: '', r2: '', r3: '' } }))
        const before = await store.range({ prefix: key('r'), limit: 10 })
        const [, none, late] = await Promise.all([
          wins(store, commitOf({ sets: { owner: '', moved: '' }, deletes: ['r1', 'r2'] })),
          wins(store, commitOf({ checks: [rangeCheck('owner', 'r')] })),
          wins(store, commitOf({ checks: [existsCheck('moved'), rangeCheck('owner', 'r', before)] })),
        ])
        expect({ none, late }).toEqual({ none: false, late: false })
        await store.commit(
          commitOf({ checks: [rangeCheck('owner', 'r', before.slice(2))], deletes: ['moved', 'r3'] }),
        )
      }
    },
  },
  {
    title: 'a reader never sees half of a commit',
    async run({ store }) {
      const names = Array.from({ length: 20 }, (_, index) => `k${index}`)
      const write = (value: string) =>
        store.commit(commitOf({ sets: Object.fromEntries(names.map((name) => [name, value])) }))
      await write('0')
      const state = { isWriting: true }
      const writer = (async () => {
        for (let turn = 1; turn <= 40; turn += 1) await write(String(turn))
        state.isWriting = false
      })()
      while (state.isWriting) {
        const read = await store.read(names.map(key))
        expect(new Set(read.map((stored) => stored && text(stored.value))).size).toBe(1)
        expect(new Set((await dump(store)).map(([, value]) => value)).size).toBe(1)
        // In memory nothing else would end the turn, for which the writer waits.
        await setImmediate()
      }
      await writer
    },
  },
]
