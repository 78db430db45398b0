import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StoreDamaged } from '../../store-errors.ts'
import { checkFiles } from './files/check-files.ts'
import { checkLevelFiles, openLevelMetadataStore } from './level-metadata-store.ts'
import { makeTestDirectory } from './test-directory.ts'

const rest = () => Promise.resolve()
let directory: Awaited<ReturnType<typeof makeTestDirectory>>
beforeEach(async () => {
  directory = await makeTestDirectory()
})
afterEach(() => directory.remove())

const opened = () => openLevelMetadataStore({ directory: directory.path, ballastBytes: 0 })

it('damage that was found is known after LevelDB has written the table anew, until somebody says otherwise', async () => {
  const sets = Array.from({ length: 500 }, (_, at) => ({
    key: Buffer.from(`${at}`),
    value: Buffer.from(`${Math.sin(at)}`),
  }))
  const first = await opened()
  await first.commit({ checks: [], sets, deletes: [] })
  await first.close()
  const second = await opened()
  const name = (await readdir(directory.path)).find((one) => one.endsWith('.ldb'))
  const table = await open(join(directory.path, name ?? ''), 'r+')
  const { buffer } = await table.read(Buffer.alloc(1), 0, 1, 3000)
  await table.write(Buffer.from([(buffer[0] ?? 0) ^ 4]), 0, 1, 3000)
  await expect(second.verify?.(rest)).rejects.toThrow('is damaged')
  await second.close()
  // As a compaction leaves it: whole, as far as checksums tell.
  await table.write(buffer, 0, 1, 3000)
  await table.close()
  await checkFiles(directory.path, { everything: rest })
  const third = await opened()
  await expect(third.verify?.(rest)).rejects.toThrow(StoreDamaged)
  await expect(checkLevelFiles(directory.path)).rejects.toThrow('found before')
  await rm(join(directory.path, 'damage'))
  await third.verify?.(rest)
  await third.close()
})
