import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { type Commit, MetadataConflict } from '../metadata-store.ts'
import { GroupedCommits } from './grouped-commits.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

/** A commit that sets `key`, relying on `checks`. */
function setting(key: string, ...checks: Commit['checks'][number][]): Commit {
  return { checks, sets: [{ key: bytes(key), value: bytes('v') }], deletes: [] }
}

const exists = (key: string) => ({ kind: 'exists', key: bytes(key) }) as const
const version = (key: string, at: bigint | undefined) =>
  ({ kind: 'version', key: bytes(key), version: at }) as const

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Transactions as they are run, each until it is ended by hand. */
async function server() {
  const transactions: { keys: string[]; end: (held: boolean) => void; fail: (error: Error) => void }[] = []
  const commits = new GroupedCommits((commit) => {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    transactions.push({ keys: commit.sets.map(({ key }) => String(key)), end: resolve, fail: reject })
    return promise
  })
  /** Two commits of their own, so that the next ones wait. */
  const busy: Promise<void>[] = []
  for (const key of ['a', 'b']) {
    busy.push(commits.commit(setting(key)))
    await turn()
  }
  const shown = () => transactions.slice(2).map(({ keys }) => keys.join())
  const later = async () => {
    await turn()
    await turn()
  }
  const endFirst = async () => {
    transactions[0]?.end(true)
    await later()
  }
  return { transactions, commits, busy, shown, later, endFirst }
}

describe('commits that share transactions', () => {
  it('are one transaction when they come in one turn', async () => {
    const sizes: number[] = []
    const commits = new GroupedCommits(({ sets }) => Promise.resolve(sizes.push(sets.length) > 0))
    await Promise.all(['a', 'b', 'c'].map((key) => commits.commit(setting(key))))
    expect(sizes).toEqual([3])
  })

  it('go at once while few are under way, and together when they had to wait', async () => {
    const { transactions, commits, busy, shown, endFirst } = await server()
    const waiting = ['e', 'f', 'g'].map((key) => commits.commit(setting(key, exists('shared'))))
    expect(transactions).toHaveLength(2)
    await endFirst()
    expect(shown()).toEqual(['e,f,g'])
    for (const { end } of transactions) end(true)
    await Promise.all([...busy, ...waiting])
  })

  it.each<[string, Commit, Commit]>([
    ['write one key', setting('x'), setting('x')],
    ['write what the other checks', setting('x'), setting('y', exists('x'))],
    ['delete what the other checks', { ...setting('y'), deletes: [bytes('x')] }, setting('z', exists('x'))],
    ['expect other versions', setting('x', version('k', 1n)), setting('y', version('k', 2n))],
    [
      'expect that it is there, and that it is not',
      setting('x', exists('k')),
      setting('y', version('k', undefined)),
    ],
    [
      'look at a range',
      setting('x', { kind: 'range', owner: bytes('o'), prefix: bytes('p'), entries: [] }),
      setting('y'),
    ],
    ['are wrong in themselves', { ...setting('x'), deletes: [bytes('x')] }, setting('y')],
  ])('go one after the other when they %s', async (_, one, other) => {
    const { transactions, commits, shown, later, endFirst } = await server()
    void commits.commit(one)
    void commits.commit(other)
    await endFirst()
    expect(shown()).toHaveLength(1)
    transactions[2]?.end(true)
    await later()
    expect(shown()).toHaveLength(2)
  })

  it('are each tried alone when a check of one does not hold', async () => {
    const { transactions, commits, shown, later, endFirst } = await server()
    const [good, bad] = [commits.commit(setting('e')), commits.commit(setting('f', exists('gone')))]
    await endFirst()
    transactions[2]?.end(false)
    await later()
    expect(shown()).toEqual(['e,f', 'e', 'f'])
    transactions[3]?.end(true)
    transactions[4]?.end(false)
    await good
    await expect(bad).rejects.toThrow(MetadataConflict)
  })

  it('do not wait for one that hangs', async () => {
    const { commits, shown } = await server()
    void commits.commit(setting('e'))
    await expect.poll(shown).toEqual(['e'])
  })

  it('run as the request that asked for them, or waited longest', async () => {
    const request = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const hold = Promise.withResolvers<boolean>()
    const commits = new GroupedCommits(() => {
      seen.push(request.getStore())
      return hold.promise
    })
    const all: Promise<void>[] = []
    for (const key of ['a', 'b', 'c', 'd']) {
      all.push(request.run(key, () => commits.commit(setting(key))))
      if (key !== 'c') await turn()
    }
    hold.resolve(true)
    await Promise.all(all)
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('all hear of a failure', async () => {
    const { transactions, commits, endFirst } = await server()
    const ends = Promise.allSettled(['e', 'f'].map((key) => commits.commit(setting(key))))
    await endFirst()
    transactions[2]?.fail(new Error('away'))
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('are what they were when they were asked for', async () => {
    const { commits, shown, endFirst } = await server()
    const key = bytes('e')
    void commits.commit({ checks: [], sets: [{ key, value: key }], deletes: [] })
    key.fill(0)
    await endFirst()
    expect(shown()).toEqual(['e'])
  })
})
