import { mkdir, readdir, rename, rmdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NoSpace, StoreUnavailable } from '../../store-errors.ts'
import { commitOf, dump, existsCheck, get, key, text, versionCheck, versionOf } from '../contract-tools.ts'
import { createMemoryLevel } from '../memory/memory-metadata-store.ts'
import { MetadataConflict } from '../metadata-store.ts'
import { type Ballast, noBallast } from './ballast.ts'
import { createClassicLevel } from './classic-database.ts'
import { FailingDatabase } from './failing-database.ts'
import { refuseAnother } from './first-files.ts'
import { COUNTER_KEY } from './keyspace.ts'
import type { LevelDatabase } from './level-database.ts'
import { openLevelStoreOver } from './level-metadata-store.ts'
import { makeTestDirectory } from './test-directory.ts'

/** A disk as the ballast sees it. */
class FakeDisk implements Ballast {
  free = Number.POSITIVE_INFINITY
  held = 64 << 20
  isBroken = false

  get isWhole(): boolean {
    return this.held > 0
  }

  get isEnough(): boolean {
    return this.held > 0
  }

  make(): Promise<boolean> {
    if (this.held === 0 && this.free >= 64 << 20) {
      this.free -= 64 << 20
      this.held = 64 << 20
    }
    return Promise.resolve(this.isEnough)
  }

  release(): Promise<void> {
    this.free += this.held
    this.held = 0
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  room(): Promise<number> {
    return Promise.resolve(this.free)
  }

  tryDisk(): Promise<void> {
    return this.isBroken ? Promise.reject(new Error('EROFS: read-only file system')) : Promise.resolve()
  }
}

const FULL = new Error('Database failed to write', {
  cause: new Error('IO error: /data/000005.log: No space left on device'),
})

let directory: Awaited<ReturnType<typeof makeTestDirectory>>
let createInner: () => LevelDatabase = createMemoryLevel

async function openFailing(
  ballast: Ballast = noBallast,
  recoveryMilliseconds = 5000,
  refuse?: () => Promise<void>,
) {
  const database = new FailingDatabase(createInner())
  const notices: string[] = []
  const store = await openLevelStoreOver({
    database,
    ballast,
    place: 'a failing database',
    recoveryMilliseconds,
    ...(refuse && { refuseAnother: refuse }),
    notice: (sentence) => notices.push(sentence),
  })
  await store.commit(commitOf({ sets: { before: '1' } }))
  database.events.length = 0
  return { database, store, notices }
}

describe.each(['memory-level', 'classic-level'])(
  'after a failed write, over %s',
  { timeout: 30_000 },
  (engine) => {
    beforeEach(async () => {
      directory = await makeTestDirectory()
      createInner = engine === 'memory-level' ? createMemoryLevel : () => createClassicLevel(directory.path)
    })

    afterEach(async () => {
      vi.restoreAllMocks()
      createInner = createMemoryLevel
      await directory.remove()
    })

    it('nothing is written before the database was opened again, and what is acknowledged then stays', async () => {
      const { database, store, notices } = await openFailing()
      database.failBatches = ['lost']
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      expect(await get(store, 'a')).toBeUndefined()
      await store.commit(commitOf({ sets: { b: '1' } }))
      expect(database.events).toEqual(['failed batch', 'close', 'open', 'batch'])
      expect(notices).toEqual(['a write failed: opening the database again', 'the database is open again'])
      expect((await dump(store)).map(([name]) => name)).toEqual(['b', 'before'])
      await store.close()
    })

    it('commits that wait meanwhile go into the opened database, checked against what is there', async () => {
      const { database, store } = await openFailing()
      database.failBatches = ['lost']
      const first = store.commit(commitOf({ sets: { a: '1' } }))
      await Promise.resolve()
      await Promise.resolve()
      const waiting = [
        store.commit(commitOf({ checks: [existsCheck('before')], sets: { b: '1' } })),
        store.commit(commitOf({ checks: [existsCheck('a')], sets: { c: '1' } })),
      ]
      const outcomes = await Promise.allSettled([first, ...waiting])
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
      expect(outcomes[2]?.status === 'rejected' && outcomes[2].reason).toBeInstanceOf(MetadataConflict)
      await store.close()
    })

    it('a batch that arrived although its write failed resolves: the counter tells', async () => {
      const { database, store } = await openFailing()
      database.failBatches = ['arrived']
      await store.commit(commitOf({ sets: { a: '1' } }))
      database.failBatches = ['arrived']
      await store.commit(commitOf({ deletes: ['before'] }))
      expect((await dump(store)).map(([name]) => name)).toEqual(['a'])
      expect(database.events).toEqual(['failed batch', 'close', 'open', 'failed batch', 'close', 'open'])
      await store.close()
    })

    it('a lost batch that only deletes is rejected: it moves the counter too', async () => {
      const { database, store } = await openFailing()
      database.failBatches = ['lost']
      await expect(store.commit(commitOf({ deletes: ['before'] }))).rejects.toThrow(StoreUnavailable)
      expect(await dump(store)).toEqual([['before', '1']])
      await store.close()
    })

    it('where the disk takes nothing the old database stays open, for reading, until it does', async () => {
      const disk = new FakeDisk()
      const { database, store } = await openFailing(disk, 100)
      database.failBatches = ['lost']
      disk.isBroken = true
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      await expect(store.commit(commitOf({ sets: { b: '1' } }))).rejects.toThrow(StoreUnavailable)
      expect(await dump(store)).toEqual([['before', '1']])
      expect(database.events).toEqual(['failed batch'])
      disk.isBroken = false
      await expect
        .poll(() => store.commit(commitOf({ sets: { c: '1' } })), { timeout: 20_000 })
        .toBeUndefined()
      expect(database.events).toEqual(['failed batch', 'close', 'open', 'batch'])
      await store.close()
    })

    it('opening is tried again until it succeeds, and the outcome is then definite', async () => {
      const { database, store } = await openFailing()
      database.failBatches = ['arrived']
      database.failOpens = 2
      const commit = store.commit(commitOf({ sets: { a: '1' } }))
      const read = store.read([key('before')])
      await commit
      expect((await read)[0]).toBeDefined()
      expect(database.events).toEqual(['failed batch', 'close', 'open', 'open', 'open'])
      await store.close()
    })

    it('when opening fails for too long the outcome is unknown, said so, and later commits heal the store', async () => {
      const { database, store } = await openFailing(noBallast, 0)
      database.failBatches = ['arrived']
      database.failOpens = 1
      const unknown = store.commit(commitOf({ sets: { a: '1' } }))
      await expect(unknown).rejects.toThrow(StoreUnavailable)
      await expect(unknown).rejects.toThrow('the outcome is not known')
      // Until the next try is due everybody gets the same answer, without a try for each.
      await expect(store.commit(commitOf({ sets: { b: '1' } }))).rejects.toThrow(StoreUnavailable)
      await expect(store.read([key('before')])).rejects.toThrow(StoreUnavailable)
      await expect.poll(() => dumpOr(store), { timeout: 10_000 }).toEqual(['a', 'before'])
      await store.commit(commitOf({ sets: { b: '1' } }))
      expect(database.events.filter((event) => event === 'batch')).toHaveLength(1)
      await store.close()
    })

    it('opening is tried again soon, also when the clock is set back', async () => {
      const { database, store } = await openFailing(noBallast, 0)
      database.failBatches = ['lost']
      database.failOpens = 1
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      const hourAgo = Date.now() - 3_600_000
      vi.spyOn(Date, 'now').mockImplementation(() => hourAgo)
      await expect.poll(() => dumpOr(store), { timeout: 10_000 }).toEqual(['before'])
      await store.close()
    })

    it('what was read while it could not be opened again is not remembered, since its log may bring more', async () => {
      const disk = new FakeDisk()
      const { database, store } = await openFailing(disk, 0)
      database.failBatches = ['logged']
      disk.isBroken = true
      const unknown = store.commit(commitOf({ sets: { before: '2', late: '' } }))
      await expect(unknown).rejects.toThrow('the outcome is not known')
      const lookForLate = () => store.range({ prefix: key('late'), limit: 1 })
      expect([await dump(store, 'before'), await lookForLate()]).toEqual([[['before', '1']], []])
      const old = await versionOf(store, 'before')
      disk.isBroken = false
      await expect.poll(() => commitOrNot(store), { timeout: 10_000 }).toBe(true)
      expect(text((await get(store, 'before'))?.value ?? new Uint8Array())).toBe('2')
      expect(await lookForLate()).toHaveLength(1)
      const stale = commitOf({ checks: [versionCheck('before', old)], sets: { before: '3' } })
      await expect(store.commit(stale)).rejects.toThrow(MetadataConflict)
      await store.close()
    })

    it('versions of a lost batch were never seen, later ones are higher than all that were', async () => {
      const { database, store } = await openFailing()
      const before = await versionOf(store, 'before')
      database.failBatches = ['lost']
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      await store.commit(commitOf({ sets: { a: '1' } }))
      expect(await versionOf(store, 'a')).toBeGreaterThan(before)
      await store.close()
    })

    it('reads that are under way when the database is opened again end well', async () => {
      const { database, store } = await openFailing()
      const names = Array.from({ length: 2000 }, (_, at) => `k${at}`)
      await store.commit(commitOf({ sets: Object.fromEntries(names.map((name) => [name, name])) }))
      for (let round = 0; round < 5; round += 1) {
        database.failBatches = ['lost']
        const reads = Array.from({ length: 10 }, () => [store.read(names.map(key)), dump(store, 'k')]).flat()
        await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
        for (const found of await Promise.all([...reads, dump(store, 'k')])) expect(found).toHaveLength(2000)
      }
      await store.close()
    })

    it('a snapshot from before ends with a sentence, another can be taken', async () => {
      const { database, store } = await openFailing()
      const snapshot = await store.snapshot()
      database.failBatches = ['lost']
      await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
      await expect(snapshot.read([key('before')])).rejects.toThrow('take another')
      await expect(snapshot.range({ prefix: key(''), limit: 1 })).rejects.toThrow(StoreUnavailable)
      await snapshot.close()
      const another = await store.snapshot()
      expect(await dump(another)).toEqual([['before', '1']])
      await another.close()
      await store.close()
    })
  },
)

describe('a disk that is not there any more', { timeout: 30_000 }, () => {
  beforeEach(async () => {
    directory = await makeTestDirectory()
    createInner = () => createClassicLevel(directory.path)
  })

  afterEach(async () => {
    createInner = createMemoryLevel
    await directory.remove()
  })

  it('leaves the database open for reading, and no new one is begun in its place', async () => {
    const [there, aside] = [directory.path, `${directory.path}-aside`]
    const { database, store } = await openFailing(noBallast, 100, () => refuseAnother(there))
    await rename(there, aside)
    await mkdir(there)
    database.failBatches = ['lost']
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
    await expect(store.commit(commitOf({ sets: { b: '1' } }))).rejects.toThrow(StoreUnavailable)
    expect(await dump(store)).toEqual([['before', '1']])
    expect(await readdir(there)).toEqual([])
    await rmdir(there)
    await rename(aside, there)
    await expect.poll(() => commitOrNot(store), { timeout: 10_000 }).toBe(true)
    expect((await dump(store)).map(([name]) => name)).toEqual(['a', 'before'])
    await store.close()
  })

  it('a database that knows less than it did is not gone on with', async () => {
    const inner = createMemoryLevel()
    createInner = () => inner
    const { database, store } = await openFailing(noBallast, 100)
    const open = inner.open.bind(inner)
    inner.open = async () => {
      await open()
      await inner.batch([{ type: 'del', key: COUNTER_KEY }], { sync: true })
    }
    database.failBatches = ['lost']
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
    await expect(store.read([key('before')])).rejects.toThrow(StoreUnavailable)
    await store.close()
  })
})

describe('a full disk', { timeout: 30_000 }, () => {
  it('rejects with NoSpace, takes the ballast to open again, and nothing is written without ballast', async () => {
    const disk = new FakeDisk()
    const { database, store } = await openFailing(disk)
    database.error = FULL
    disk.free = 0
    database.failBatches = ['lost']
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(NoSpace)
    expect(database.events).toEqual(['failed batch', 'close', 'open'])
    expect(disk.held).toBe(0)
    // What opening took is missing now.
    disk.free = 60 << 20
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(NoSpace)
    expect(await dump(store)).toEqual([['before', '1']])
    disk.free = 200 << 20
    await store.commit(commitOf({ sets: { a: '2' } }))
    expect(disk.held).toBe(64 << 20)
    expect(database.events).toEqual(['failed batch', 'close', 'open', 'batch'])
    await store.close()
  })

  it('without room to open again the old database goes on answering reads', async () => {
    const disk = new FakeDisk()
    const { database, store } = await openFailing(disk, 0)
    database.error = FULL
    disk.free = 0
    disk.held = 1
    database.failBatches = ['lost']
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(StoreUnavailable)
    await expect(store.commit(commitOf({ sets: { a: '1' } }))).rejects.toThrow(NoSpace)
    expect(database.events).toEqual(['failed batch'])
    expect(await dump(store)).toEqual([['before', '1']])
    disk.free = 200 << 20
    await expect.poll(() => commitOrNot(store), { timeout: 10_000 }).toBe(true)
    expect(database.events).toEqual(['failed batch', 'close', 'open', 'batch'])
    await store.close()
  })

  it('a hundred commits acknowledged after it are all there when opened again', async () => {
    const disk = new FakeDisk()
    const { database, store } = await openFailing(disk)
    database.error = FULL
    database.failBatches = ['lost', 'lost', 'lost']
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(store.commit(commitOf({ sets: { lost: '1' } }))).rejects.toThrow(NoSpace)
    }
    await Promise.all(
      Array.from({ length: 100 }, (_, turn) => store.commit(commitOf({ sets: { [`k${turn}`]: '' } }))),
    )
    database.failBatches = ['lost']
    await expect(store.commit(commitOf({ sets: { lost: '1' } }))).rejects.toThrow(NoSpace)
    expect(await dump(store, 'k')).toHaveLength(100)
    await store.close()
  })
})

async function dumpOr(store: Parameters<typeof dump>[0]): Promise<string[]> {
  try {
    return (await dump(store)).map(([name]) => name)
  } catch (error) {
    if (error instanceof StoreUnavailable) return []
    throw error
  }
}

async function commitOrNot(store: {
  commit: (commit: ReturnType<typeof commitOf>) => Promise<void>
}): Promise<boolean> {
  try {
    await store.commit(commitOf({ sets: { a: '1' } }))
    return true
  } catch (error) {
    if (error instanceof NoSpace || error instanceof StoreUnavailable) return false
    throw error
  }
}
