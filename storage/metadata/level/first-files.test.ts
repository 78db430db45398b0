import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreDamaged } from '../../store-errors.ts'
import { commitOf, get } from '../contract-tools.ts'
import { openLevelMetadataStore } from './level-metadata-store.ts'
import { makeTestDirectory } from './test-directory.ts'

describe('a database that has lost what it begins with', () => {
  let directory: Awaited<ReturnType<typeof makeTestDirectory>>
  const at = (name: string) => join(directory.path, name)
  const open = () => openLevelMetadataStore({ directory: directory.path, ballastBytes: 0 })

  beforeEach(async () => {
    directory = await makeTestDirectory()
    const store = await open()
    await store.commit(commitOf({ sets: { kept: '1' } }))
    await store.close()
  })
  afterEach(() => directory.remove())

  const manifest = async () =>
    (await readdir(directory.path)).find((name) => name.startsWith('MANIFEST')) ?? ''
  const damages: [string, () => Promise<void>][] = [
    ['CURRENT gone', () => rm(at('CURRENT'))],
    ['CURRENT empty', () => truncate(at('CURRENT'), 0)],
    ['CURRENT of other bytes', () => writeFile(at('CURRENT'), 'nothing\n')],
    ['MANIFEST gone', async () => rm(at(await manifest()))],
    ['MANIFEST empty', async () => truncate(at(await manifest()), 0)],
    [
      'its log gone',
      async () => rm(at((await readdir(directory.path)).find((name) => name.endsWith('log')) ?? '')),
    ],
    ['MANIFEST of other bytes', async () => writeFile(at(await manifest()), 'x'.repeat(500))],
  ]

  it.each(damages)('%s: is refused, and nothing of it removed', async (_, damage) => {
    await damage()
    const before = await readdir(directory.path)
    await expect(open()).rejects.toThrow(StoreDamaged)
    const after = await readdir(directory.path)
    expect(before.filter((name) => /\.(?:ldb|log)$/.test(name) && !after.includes(name))).toEqual([])
  })

  it.each([0, 60])(
    'its log cut to %i bytes after it was closed: is refused, again and again',
    async (bytes) => {
      const log = (await readdir(directory.path)).find((name) => /\d\.log$/.test(name)) ?? ''
      await truncate(at(log), bytes)
      for (let start = 1; start <= 2; start += 1) {
        const refused = await open().catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(StoreDamaged)
        expect(String(refused)).toContain('has lost records')
      }
      // What backup.md says to do by who would rather go on without them.
      await rm(at('last-version'))
      await (await open()).close()
    },
  )

  it('a bit of its log flipped after it was closed: is refused', async () => {
    const store = await open()
    for (let at = 0; at < 300; at += 1) await store.commit(commitOf({ sets: { [`key-${at}`]: `${at}` } }))
    await store.close()
    const log = (await readdir(directory.path)).find((name) => /\d\.log$/.test(name)) ?? ''
    // A start does not look at each record of a log that is as it was.
    expect(await readFile(at('last-version'), 'latin1')).toContain(` ${log}=`)
    const bytes = await readFile(at(log))
    bytes[5000] = (bytes[5000] ?? 0) ^ 1
    await writeFile(at(log), bytes)
    await expect(open()).rejects.toThrow(`${log} of the database`)
  })

  it('its last version damaged: opens, since that alone says nothing', async () => {
    await writeFile(at('last-version'), '9999999999 1\n')
    const store = await open()
    expect(await get(store, 'kept')).toBeDefined()
    await store.close()
  })

  it('a bit of a record flipped: is told by a look at all of it', async () => {
    const before = await open()
    for (let at = 0; at < 300; at += 1) await before.commit(commitOf({ sets: { [`key-${at}`]: `${at}` } }))
    await before.close()
    await (await open()).close()
    const table = at((await readdir(directory.path)).findLast((name) => name.endsWith('ldb')) ?? '')
    const bytes = await readFile(table)
    bytes[3000] = (bytes[3000] ?? 0) ^ 1
    await writeFile(table, bytes)
    const store = await open()
    await expect(store.verify?.(() => Promise.resolve())).rejects.toThrow(/ldb .*damaged: its block at byte /)
    await store.close()
  })

  it('opens where the first start was ended before its database was there', async () => {
    for (const name of await readdir(directory.path)) await rm(at(name))
    await writeFile(at('MANIFEST-000001'), '')
    await writeFile(at('000003.log'), '')
    const store = await open()
    expect(await get(store, 'kept')).toBeUndefined()
    await store.close()
  })
})
