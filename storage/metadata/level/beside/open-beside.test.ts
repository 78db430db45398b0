import { existsSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../../store-errors.ts'
import { describeMetadataStore } from '../../contract.ts'
import { commitOf, get, key, rangeCheck, text, versionCheck, versionOf } from '../../contract-tools.ts'
import { type Beside, MetadataConflict, type MetadataStore } from '../../metadata-store.ts'
import { noBallast } from '../ballast.ts'
import { createClassicLevel } from '../classic-database.ts'
import { FailingDatabase } from '../failing-database.ts'
import { openLevelMetadataStore, openLevelStoreOver } from '../level-metadata-store.ts'
import { makeTestDirectory } from '../test-directory.ts'
import { openBeside } from './open-beside.ts'

interface Both {
  readonly owner: MetadataStore
  readonly beside: Beside
  readonly store: MetadataStore
}

async function openBesideOf(owner: MetadataStore): Promise<Both> {
  const beside = owner.beside?.((commit) => owner.commit(commit))
  if (beside === undefined) throw new Error('the store lets no thread read beside it')
  return { owner, beside, store: await openBeside(beside.ticket) }
}

async function openBoth(directory: string): Promise<Both> {
  return openBesideOf(await openLevelMetadataStore({ directory, ballastBytes: 0 }))
}

async function closeBoth({ owner, store }: Both): Promise<void> {
  await store.close()
  await owner.close()
}

describeMetadataStore(
  'level, beside its owner',
  async () => {
    const directory = await makeTestDirectory()
    let both = await openBoth(directory.path)
    return {
      store: both.store,
      reopen: async () => {
        await closeBoth(both)
        both = await openBoth(directory.path)
        return both.store
      },
      close: async () => {
        await closeBoth(both)
        await directory.remove()
      },
      leftovers: () => Promise.resolve(existsSync(directory.path) ? [directory.path] : []),
    }
  },
  { capabilities: { durable: true } },
)

let directory: Awaited<ReturnType<typeof makeTestDirectory>>

beforeEach(async () => {
  directory = await makeTestDirectory()
})

afterEach(async () => {
  await directory.remove()
})

function viewOf(store: MetadataStore): MetadataStore {
  const view = store.view?.()
  if (view === undefined) throw new Error('the store gives no views')
  return view
}

/** Decides by what a view shows until nobody else was faster; gives how often it had to begin again. */
async function retried(view: MetadataStore, decide: (view: MetadataStore) => Promise<void>): Promise<number> {
  for (let again = 0; ; again++) {
    try {
      await decide(view)
      return again
    } catch (error) {
      if (!(error instanceof MetadataConflict)) throw error
    }
  }
}

async function countUp(store: MetadataStore, name: string): Promise<void> {
  const found = await get(store, name)
  const next = String(Number(found === undefined ? '0' : text(found.value)) + 1)
  await store.commit(commitOf({ checks: [versionCheck(name, found?.version)], sets: { [name]: next } }))
}

describe('views of a store beside its owner', { timeout: 30_000 }, () => {
  it('that count up one record, beside the owner who does too, lose nothing, however old they are', async () => {
    const both = await openBoth(directory.path)
    const { owner, store } = both
    const writers = [...Array.from({ length: 12 }, () => viewOf(store)), owner, owner, owner, owner]
    const conflicts = await Promise.all(
      writers.map(async (writer) => {
        let sum = 0
        for (let at = 0; at < 10; at++) sum += await retried(writer, (view) => countUp(view, 'count'))
        return sum
      }),
    )
    expect(text((await get(owner, 'count'))?.value ?? new Uint8Array())).toBe('160')
    expect(Math.max(...conflicts)).toBeGreaterThan(0)
    await closeBoth(both)
  })

  it('take no range for whole that stopped behind so many bytes', async () => {
    const both = await openBoth(directory.path)
    const { owner, store } = both
    const large = 'x'.repeat(900_000)
    await owner.commit(commitOf({ sets: { owner: '', r1: large, r2: large, r3: large } }))
    const view = viewOf(store)
    const some = await view.range({ prefix: key('r'), limit: 10, bytes: 1_000_000 })
    expect(some.length).toBeLessThan(3)
    const checks = [rangeCheck('owner', 'r', some)]
    await expect(view.commit(commitOf({ checks, sets: { owner: 'all' } }))).rejects.toThrow(MetadataConflict)
    await closeBoth(both)
  })

  it('keep the owner rule: who adds to a range and who finds it empty never both win', async () => {
    const both = await openBoth(directory.path)
    const { owner, store } = both
    let [added, ended] = [0, 0]
    for (let round = 0; round < 150; round++) {
      await owner.commit(commitOf({ sets: { owner: String(round) }, deletes: ['r1'] }))
      const view = viewOf(store)
      const empty = await view.range({ prefix: key('r'), limit: 1 })
      const seen = await versionOf(view, 'owner')
      const add = async () =>
        owner.commit(commitOf({ checks: [{ kind: 'exists', key: key('owner') }], sets: { r1: '' } }))
      const end = async () => {
        const checks = [versionCheck('owner', seen), rangeCheck('owner', 'r', empty)]
        await view.commit(commitOf({ checks, deletes: ['owner'] }))
      }
      const order = round % 2 === 0 ? [add, end] : [end, add]
      const outcomes = await Promise.allSettled(
        order.map(async (act, at) => {
          if (at === 1 && round % 3 === 0) await turn()
          await act()
        }),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const isAdded = (await get(owner, 'r1')) !== undefined
      expect((await get(owner, 'owner')) !== undefined).toBe(isAdded)
      if (isAdded) added += 1
      else ended += 1
    }
    expect(Math.min(added, ended)).toBeGreaterThan(0)
    await closeBoth(both)
  })

  it('see after a conflict what came between', async () => {
    const both = await openBoth(directory.path)
    const { owner, store } = both
    await owner.commit(commitOf({ sets: { owner: '' } }))
    const view = viewOf(store)
    expect(await view.range({ prefix: key('r'), limit: 1 })).toEqual([])
    await owner.commit(commitOf({ sets: { r1: '' } }))
    const checks = [rangeCheck('owner', 'r')]
    await expect(view.commit(commitOf({ checks, deletes: ['owner'] }))).rejects.toThrow(MetadataConflict)
    expect(await view.range({ prefix: key('r'), limit: 1 })).toHaveLength(1)
    await closeBoth(both)
  })

  it('claim nothing of what they did not read', async () => {
    const both = await openBoth(directory.path)
    const { owner, store } = both
    await owner.commit(commitOf({ sets: { a: '' } }))
    const view = viewOf(store)
    await owner.commit(commitOf({ sets: { other: '' } }))
    for (const check of [versionCheck('a', undefined), versionCheck('a', 99n), rangeCheck('o', 'a')])
      await expect(view.commit(commitOf({ checks: [check], sets: { x: '' } }))).rejects.toThrow(
        MetadataConflict,
      )
    await closeBoth(both)
  })
})

async function openFailing() {
  const failing = new FailingDatabase(createClassicLevel(directory.path))
  const owner = await openLevelStoreOver({
    database: failing,
    ballast: noBallast,
    place: directory.path,
    mayBeOpenedBeside: true,
    recoveryMilliseconds: 1000,
    notice: () => undefined,
  })
  return { failing, owner }
}

describe('the owner', { timeout: 30_000 }, () => {
  it('closes once nobody beside it reads, who then is refused', async () => {
    const { owner, store } = await openBoth(directory.path)
    await owner.close()
    await expect(store.read([key('a')])).rejects.toThrow(StoreUnavailable)
    await expect(viewOf(store).read([key('a')])).rejects.toThrow(StoreUnavailable)
    await expect(store.commit(commitOf({ sets: { a: '' } }))).rejects.toThrow(StoreUnavailable)
    await (await openLevelMetadataStore({ directory: directory.path, ballastBytes: 0 })).close()
  })

  it('opens its database again after a failed write as if nobody were beside it', async () => {
    const { failing, owner } = await openFailing()
    const both = await openBesideOf(owner)
    await both.store.commit(commitOf({ sets: { before: '' } }))
    failing.failBatches = ['lost']
    await expect(both.store.commit(commitOf({ sets: { lost: '' } }))).rejects.toThrow()
    await expect(both.store.read([key('before')])).rejects.toThrow(StoreUnavailable)
    await owner.commit(commitOf({ sets: { after: '' } }))
    const again = await openBesideOf(owner)
    const found = await again.store.read([key('before'), key('lost'), key('after')])
    expect(found.map((stored) => stored !== undefined)).toEqual([true, false, true])
    await closeBoth(again)
  })

  it('lets nobody begin to read beside it until its database is open again', async () => {
    const { failing, owner } = await openFailing()
    const slow = owner.beside?.((commit) => owner.commit(commit))
    failing.failBatches = ['lost']
    const failed = expect(owner.commit(commitOf({ sets: { lost: '' } }))).rejects.toThrow()
    await vi.waitFor(() => expect(failing.events).toContain('failed batch'))
    await turn()
    expect(owner.beside?.((commit) => owner.commit(commit))).toBeUndefined()
    slow?.ended()
    await failed
    await closeBoth(await openBesideOf(owner))
  })

  it('does not wait for a thread that has ended', async () => {
    const owner = await openLevelMetadataStore({ directory: directory.path, ballastBytes: 0 })
    const beside = owner.beside?.((commit) => owner.commit(commit))
    const closing = owner.close()
    beside?.ended()
    await closing
  })
})
