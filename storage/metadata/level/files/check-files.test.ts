import { cp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { StoreDamaged } from '../../../store-errors.ts'
import { createClassicLevel } from '../classic-database.ts'
import type { LevelDatabase } from '../level-database.ts'
import { makeTestDirectory } from '../test-directory.ts'
import { checkFiles } from './check-files.ts'

const RECORDS = 400
let made: Awaited<ReturnType<typeof makeTestDirectory>>
let directory: Awaited<ReturnType<typeof makeTestDirectory>>
/** Records that compress and records that do not lie in both a table and a log. */
const batches = Array.from({ length: RECORDS }, (_, index) => ({
  type: 'put' as const,
  key: Buffer.from(`${(index * 7919) % RECORDS}`.padStart(8, '0')),
  value: Buffer.from(`${'sha256/ab/'.repeat(20)}${Math.sin(index)}`),
}))

beforeAll(async () => {
  made = await makeTestDirectory()
  for (const part of [batches, batches.toReversed()]) {
    const database = createClassicLevel(made.path)
    await database.open()
    for (const one of part) await database.batch([one], {})
    await database.close()
  }
})
afterAll(() => made.remove())
beforeEach(async () => {
  directory = await makeTestDirectory()
  await cp(made.path, directory.path, { recursive: true })
})
afterEach(() => directory.remove())

const everything = () => checkFiles(directory.path, { everything: () => Promise.resolve() })
const at = (name: string) => join(directory.path, name)
async function fileOf(ending: string): Promise<string> {
  const name = (await readdir(directory.path)).find((one) => one.endsWith(ending))
  if (name === undefined) throw new Error(`there is no ${ending}`)
  return at(name)
}

/** Changes one bit; called again, it puts it back. */
async function flip(path: string, byte: number): Promise<void> {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, byte)
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 4]), 0, 1, byte)
  await file.close()
}

/** Bytes of the file, evenly spread, at which a bit that flipped is not found. */
async function unseen(path: string, between: readonly [number, number], check: () => Promise<void>) {
  const found: number[] = []
  for (let part = 0; part < 100; part += 1) {
    const byte = Math.floor(between[0] + ((between[1] - between[0]) * part) / 100)
    await flip(path, byte)
    const outcome = await check().catch((error: unknown) => error)
    if (!(outcome instanceof StoreDamaged)) found.push(byte)
    await flip(path, byte)
  }
  return found
}

describe('the files of a database', { timeout: 60_000 }, () => {
  it('are whole as LevelDB writes them, also while it writes', async () => {
    await everything()
    const database: LevelDatabase = createClassicLevel(directory.path)
    await database.open()
    try {
      const value = Buffer.alloc(100_000, 1)
      for (let round = 0; round < 25; round += 1) {
        for (let one = 0; one < 10; one += 1)
          await database.batch([{ type: 'put', key: Buffer.from(`large ${round} ${one}`), value }], {})
        await everything()
      }
    } finally {
      await database.close()
    }
    await everything()
  })

  it('are damaged when any bit of a table flips', async () => {
    const table = await fileOf('.ldb')
    const { size } = await stat(table)
    // The footer has bytes that nobody reads.
    expect(await unseen(table, [0, size - 48], everything)).toEqual([])
  })

  it('are not read before a start, but for the logs: tables may be many', async () => {
    await flip(await fileOf('.ldb'), 100)
    await checkFiles(directory.path)
  })

  it('are damaged when a bit of the log flips before its last record', async () => {
    const log = await fileOf('.log')
    const { size } = await stat(log)
    expect(await unseen(log, [0, size - 300], () => checkFiles(directory.path))).toEqual([])
  })

  it('say behind which byte the log is damaged: cut there, it is whole', async () => {
    const log = await fileOf('.log')
    await flip(log, 40_000)
    const said = await checkFiles(directory.path).catch((error: unknown) => String(error))
    const [, byte = ''] = /records behind byte (\d+) are damaged/.exec(String(said)) ?? []
    expect(Number(byte)).toBeGreaterThan(39_000)
    await truncate(log, Number(byte))
    await checkFiles(directory.path)
  })

  it.each([
    ['zeros', 0],
    ['other bytes', 7],
  ])('are whole when the log ends in %s: power was lost', async (_, byte) => {
    const log = await fileOf('.log')
    const { size } = await stat(log)
    await truncate(log, size - 100)
    await writeFile(log, Buffer.alloc(50_000, byte), { flag: 'a' })
    await checkFiles(directory.path)
  })

  it.each(['.log', '.ldb'])('are damaged without their %s', async (ending) => {
    await rm(await fileOf(ending))
    await expect(checkFiles(directory.path)).rejects.toThrow(StoreDamaged)
  })

  it.each([0, 100])('are damaged when a table has %i bytes left', async (bytes) => {
    await truncate(await fileOf('.ldb'), bytes)
    await expect(checkFiles(directory.path)).rejects.toThrow(/damaged: it has/)
  })
})
