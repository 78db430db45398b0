import { existsSync } from 'node:fs'
import { cp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import { describeMetadataStore } from '../contract.ts'
import { commitOf, dump, existsCheck, get, key, rangeCheck, versionOf } from '../contract-tools.ts'
import { createClassicLevel } from './classic-database.ts'
import { COUNTER_KEY, storedKey } from './keyspace.ts'
import { openLevelMetadataStore } from './level-metadata-store.ts'
import { makeTestDirectory } from './test-directory.ts'
import { prepareFrame, sealFrame } from './value-frame.ts'

function open(directory: string) {
  return openLevelMetadataStore({ directory, ballastBytes: 0 })
}

describeMetadataStore(
  'level',
  async () => {
    const directory = await makeTestDirectory()
    let store = await open(directory.path)
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await open(directory.path)
        return store
      },
      close: async () => {
        await store.close()
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

/** Changes a raw record as no store would. */
async function tamper(at: Uint8Array, value: Uint8Array): Promise<void> {
  const database = createClassicLevel(directory.path)
  await database.open()
  await database.batch([{ type: 'put', key: at, value }], { sync: true })
  await database.close()
}

describe('a directory is for one process', { timeout: 30_000 }, () => {
  it('says so, naming the directory, and leaves the first one working', async () => {
    const store = await open(directory.path)
    const second = open(directory.path)
    await expect(second).rejects.toThrow(StoreUnavailable)
    await expect(second).rejects.toThrow(`another lamina is running on ${directory.path}`)
    await store.commit(commitOf({ sets: { a: '1' } }))
    await store.close()
    await (await open(directory.path)).close()
  })
})

describe('damaged records', { timeout: 30_000 }, () => {
  it('are found by their checksum and named in hex; others are served', async () => {
    const store = await open(directory.path)
    await store.commit(commitOf({ sets: { aa: '1', b: '2' } }))
    await store.close()
    await tamper(storedKey(key('aa')), new Uint8Array(13).fill(7))
    const again = await open(directory.path)
    await expect(again.read([key('aa')])).rejects.toThrow(StoreDamaged)
    await expect(again.read([key('aa')])).rejects.toThrow('6161')
    await expect(again.range({ prefix: key('a'), limit: 5 })).rejects.toThrow('6161')
    expect(await dump(again, 'b')).toEqual([['b', '2']])
    await again.close()
  })

  it('reject the commits that check them, and nobody else in the group; writing heals', async () => {
    const store = await open(directory.path)
    await store.commit(commitOf({ sets: { aa: '1', owner: '' } }))
    await store.close()
    await tamper(storedKey(key('aa')), Uint8Array.of(1, 2, 3))
    const again = await open(directory.path)
    const outcomes = await Promise.allSettled([
      again.commit(commitOf({ checks: [existsCheck('aa')], sets: { x: '' } })),
      again.commit(commitOf({ checks: [existsCheck('owner')], sets: { y: '' } })),
      again.commit(
        commitOf({
          checks: [rangeCheck('owner', 'a', [{ key: key('aa'), value: key('1'), version: 1n }])],
          sets: { z: '' },
        }),
      ),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
    for (const outcome of [outcomes[0], outcomes[2]]) {
      expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(StoreDamaged)
    }
    await again.commit(commitOf({ sets: { aa: '2' } }))
    expect((await dump(again)).map(([name]) => name)).toEqual(['aa', 'owner', 'y'])
    await again.close()
  })

  it('a value that stands under another key is damaged too', async () => {
    const store = await open(directory.path)
    await store.commit(commitOf({ sets: { a: '1', b: '2' } }))
    await store.close()
    const database = createClassicLevel(directory.path)
    await database.open()
    const value = database.getSync(storedKey(key('a')), {}) ?? new Uint8Array(0)
    await database.batch([{ type: 'put', key: storedKey(key('b')), value }], { sync: true })
    await database.close()
    const again = await open(directory.path)
    await expect(again.read([key('b')])).rejects.toThrow(StoreDamaged)
    await again.close()
  })

  it('a format of a newer program is told as that, not as damage', async () => {
    await (await open(directory.path)).close()
    const value = prepareFrame(Uint8Array.of(200))
    sealFrame(COUNTER_KEY, value, 1n)
    const database = createClassicLevel(directory.path)
    await database.open()
    await database.batch([{ type: 'put', key: COUNTER_KEY, value }], { sync: true })
    await database.close()
    const opening = open(directory.path)
    await expect(opening).rejects.toThrow(StoreUnavailable)
    await expect(opening).rejects.toThrow(/a newer Lamina .*format is 200/)
  })

  it('a damaged counter refuses to open, and lets the directory go', async () => {
    await (await open(directory.path)).close()
    await tamper(COUNTER_KEY, Uint8Array.of(1))
    await expect(open(directory.path)).rejects.toThrow(StoreDamaged)
    await expect(open(directory.path)).rejects.toThrow(StoreDamaged)
  })
})

describe('a log whose tail was torn by a crash', { timeout: 30_000 }, () => {
  /** The log as it lies on disk while the store still runs: what kill -9 leaves behind. */
  async function crashedCopy(): Promise<{ copy: string; log: string }> {
    const store = await open(join(directory.path, 'live'))
    for (let turn = 0; turn < 20; turn += 1)
      await store.commit(commitOf({ sets: { [`k${turn + 10}`]: 'v'.repeat(50) } }))
    const copy = join(directory.path, 'copy')
    await cp(join(directory.path, 'live'), copy, { recursive: true })
    await store.close()
    const logs = (await readdir(copy)).filter((name) => name.endsWith('.log')).sort()
    return { copy, log: join(copy, logs.at(-1) ?? '') }
  }

  async function namesIn(path: string): Promise<string[]> {
    const store = await open(path)
    try {
      const before = await versionOf(store, 'k10')
      // Goes on with versions above all that are there.
      await store.commit(commitOf({ sets: { zz: '' } }))
      expect(await versionOf(store, 'zz')).toBeGreaterThan(before)
      return (await dump(store, 'k')).map(([name]) => name)
    } finally {
      await store.close()
    }
  }

  const all = Array.from({ length: 20 }, (_, turn) => `k${turn + 10}`)

  it('whole: everything is there', async () => {
    const { copy } = await crashedCopy()
    expect(await namesIn(copy)).toEqual(all)
  })

  it.each([1, 8, 40])('cut by %i bytes: all but the last commit is there', async (bytes) => {
    const { copy, log } = await crashedCopy()
    await truncate(log, (await stat(log)).size - bytes)
    expect(await namesIn(copy)).toEqual(all.slice(0, -1))
  })

  it('a flipped byte in the last record: all but the last commit is there', async () => {
    const { copy, log } = await crashedCopy()
    const bytes = await readFile(log)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 10) ^ 0xff, bytes.length - 10)
    await writeFile(log, bytes)
    expect(await namesIn(copy)).toEqual(all.slice(0, -1))
  })

  it('half a record of garbage behind the last: everything is there', async () => {
    const { copy, log } = await crashedCopy()
    await writeFile(log, Buffer.concat([await readFile(log), Buffer.from([1, 2, 3, 4, 200, 0, 1, 9, 9])]))
    expect(await namesIn(copy)).toEqual(all)
  })
})

it('holds ballast beside the database, and finds it again', { timeout: 30_000 }, async () => {
  const size = 3 << 20
  for (let turn = 0; turn < 2; turn += 1) {
    const store = await openLevelMetadataStore({ directory: directory.path, ballastBytes: size })
    await store.commit(commitOf({ sets: { a: '1' } }))
    expect(await get(store, 'a')).toBeDefined()
    await store.close()
    const { size: held, blocks } = await stat(join(directory.path, 'ballast'))
    expect(held).toBe(size)
    expect(blocks * 512).toBeGreaterThanOrEqual(size)
  }
})
