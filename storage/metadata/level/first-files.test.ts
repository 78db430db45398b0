import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
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
    ['MANIFEST of other bytes', async () => writeFile(at(await manifest()), 'x'.repeat(500))],
  ]

  it.each(damages)('%s: is refused, and nothing of it removed', async (_, damage) => {
    await damage()
    const before = await readdir(directory.path)
    await expect(open()).rejects.toThrow(StoreDamaged)
    const after = await readdir(directory.path)
    expect(before.filter((name) => /\.(?:ldb|log)$/.test(name) && !after.includes(name))).toEqual([])
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
