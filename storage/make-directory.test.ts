import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lamina-directory-'))
})
afterEach(async () => {
  await rm(root, { recursive: true })
})

test('all that is missing is made, with its mode, and the topmost told', async () => {
  expect(await makeDirectory(join(root, 'a', 'b', 'c'), 0o700)).toBe(join(root, 'a'))
  for (const path of [join(root, 'a'), join(root, 'a', 'b', 'c')])
    expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect(await makeDirectory(join(root, 'a', 'b', 'c'))).toBeUndefined()
  expect(await makeDirectory(join(root, 'a', 'd'))).toBe(join(root, 'a', 'd'))
})

test('two that make the same one both have it', async () => {
  const path = join(root, 'x', 'y', 'z')
  await Promise.all([makeDirectory(path), makeDirectory(path), makeDirectory(path)])
  expect((await stat(path)).isDirectory()).toBe(true)
})

test('a link to a directory is one', async () => {
  await mkdir(join(root, 'real'))
  await symlink(join(root, 'real'), join(root, 'link'))
  expect(await makeDirectory(join(root, 'link'))).toBeUndefined()
  expect(await makeDirectory(join(root, 'link', 'in'))).toBe(join(root, 'link', 'in'))
})

test('what is no directory is refused', async () => {
  await writeFile(join(root, 'file'), '')
  await symlink(join(root, 'nowhere'), join(root, 'dangling'))
  await expect(makeDirectory(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeDirectory(join(root, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(makeDirectory(join(root, 'dangling'))).rejects.toMatchObject({ code: 'EEXIST' })
})

// Node 24: mkdir('/proc/x', { recursive: true }) keeps a thread busy for ever.
test.runIf(process.platform === 'linux')('a file system that takes no names ends it', async () => {
  await expect(makeDirectory('/proc/lamina/data')).rejects.toThrow()
})
