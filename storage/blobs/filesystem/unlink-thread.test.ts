import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nodeFileSystem } from './file-system.ts'

it.each([3, 100])('removes %i files, and says which it could not remove and why', async (count) => {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-unlink-'))
  try {
    const files = Array.from({ length: count }, (_, at) => join(directory, `file${at}`))
    for (const file of files) await writeFile(file, '')
    const folder = join(directory, 'folder')
    await mkdir(folder)
    const missing = join(directory, 'missing')
    const failed = await nodeFileSystem.unlinkEach([folder, ...files, missing])
    expect(files.filter((file) => existsSync(file))).toEqual([])
    const errors = new Map(failed.map(({ path, error }) => [path, error]))
    expect(errors.size).toBe(2)
    expect(errors.get(missing)).toMatchObject({ code: 'ENOENT' })
    expect(errors.get(folder)).toBeInstanceOf(Error)
  } finally {
    await rm(directory, { recursive: true })
  }
})
