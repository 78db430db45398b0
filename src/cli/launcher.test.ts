import { execFileSync, spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VERSION } from '../version.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/lamina', import.meta.url))

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-launcher-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

test('runs through links, from anywhere', async () => {
  await symlink(LAUNCHER, join(directory, 'first'))
  await symlink('first', join(directory, 'lamina'))
  expect(execFileSync(join(directory, 'lamina'), ['version'], { cwd: '/' }).toString()).toContain(VERSION)
})

test('gives the exit code of the command', () => {
  expect(spawnSync(LAUNCHER, ['nonsense']).status).toBe(2)
})

test('says what is missing when there is no Node, or no library', async () => {
  await mkdir(join(directory, 'bin'))
  await copyFile(LAUNCHER, join(directory, 'bin', 'lamina'))
  // A search path with the shell's tools and no Node.
  await mkdir(join(directory, 'tools'))
  for (const tool of ['sh', 'readlink'])
    await symlink(
      execFileSync('sh', ['-c', `command -v ${tool}`])
        .toString()
        .trim(),
      join(directory, 'tools', tool),
    )
  const run = (path: string): string =>
    spawnSync(join(directory, 'bin', 'lamina'), ['version'], { env: { PATH: path } }).stderr.toString()
  const tools = join(directory, 'tools')
  expect(run(tools)).toContain('no Node was found')
  await symlink(process.execPath, join(tools, 'node'))
  expect(run(tools)).toContain('its libraries are missing')
})
