import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreDamaged } from '../../store-errors.ts'
import { openLevelMetadataStore } from './level-metadata-store.ts'
import { salvageRecords } from './salvage.ts'
import { makeTestDirectory } from './test-directory.ts'

const RECORDS = 3000
let directory: Awaited<ReturnType<typeof makeTestDirectory>>
beforeEach(async () => {
  directory = await makeTestDirectory()
  // The second start has the log of the first as a table.
  for (const part of [0, 1]) {
    const store = await openLevelMetadataStore({ directory: directory.path, ballastBytes: 0 })
    const sets = Array.from({ length: RECORDS }, (_, at) => ({ key: keyOf(at), value: valueOf(at, part) }))
    await store.commit({ checks: [], sets: part === 0 ? sets : sets.slice(0, 10), deletes: [] })
    await store.close()
  }
})
afterEach(() => directory.remove())

const keyOf = (at: number): Buffer => Buffer.from(String(at).padStart(6, '0'))
const valueOf = (at: number, part: number): Buffer => Buffer.from(`${part}: ${Math.sin(at)}`)

async function salvaged(): Promise<{ found: Map<string, string>; lost: string[] }> {
  const [found, lost] = [new Map<string, string>(), new Array<string>()]
  const onLost = (what: string) => void lost.push(what)
  for await (const { key, value } of salvageRecords(directory.path, { onLost }))
    found.set(Buffer.from(key).toString(), Buffer.from(value).toString())
  return { found, lost }
}

/** What is found is what was written last. */
function expectRight(found: ReadonlyMap<string, string>): void {
  for (const [key, value] of found) expect(value).toBe(String(valueOf(Number(key), Number(key) < 10 ? 1 : 0)))
}

async function table(): Promise<string> {
  const name = (await readdir(directory.path)).find((one) => one.endsWith('.ldb'))
  return join(directory.path, name ?? '')
}

describe('of a database', () => {
  it('that is whole nothing is lost', async () => {
    const { found, lost } = await salvaged()
    expectRight(found)
    expect([found.size, lost]).toEqual([RECORDS, []])
  })

  it.each([1, 60, 5000])(
    'with %i damaged bytes in a table nearly all is found, and nothing else',
    async (count) => {
      const file = await open(await table(), 'r+')
      await file.write(Buffer.alloc(count, 0x5a), 0, count, 40_000)
      await file.close()
      const { found } = await salvaged()
      expectRight(found)
      expect(found.size).toBeLessThan(RECORDS)
      expect(found.size).toBeGreaterThan(RECORDS - 600)
    },
  )

  it.each(['CURRENT', 'MANIFEST'])('without its %s all is found', async (first) => {
    const name = (await readdir(directory.path)).find((one) => one.startsWith(first))
    await rm(join(directory.path, name ?? ''))
    const { found } = await salvaged()
    expectRight(found)
    expect(found.size).toBe(RECORDS)
  })

  it('with a damaged index of a table nearly all is found', async () => {
    const path = await table()
    const bytes = await readFile(path)
    // Behind the records lie filter, names of filters and index; then 48 bytes that say where.
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 48 - 40) ^ 1, bytes.length - 48 - 40)
    await writeFile(path, bytes)
    const { found, lost } = await salvaged()
    expectRight(found)
    expect(found.size).toBeGreaterThan(RECORDS / 2)
    expect(lost).toContain('part')
  })

  it('without a table the rest is found', async () => {
    await rm(await table())
    const { found } = await salvaged()
    expect([...found.values()].every((value) => value.startsWith('1: '))).toBe(true)
    expect(found.size).toBe(10)
  })

  it('of which nothing is there nothing is made', async () => {
    for (const name of await readdir(directory.path)) await rm(join(directory.path, name))
    await expect(salvaged()).rejects.toThrow(StoreDamaged)
    expect((await readdir(directory.path)).filter((name) => name.endsWith('.log'))).toEqual([])
  })
})
