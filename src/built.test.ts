import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BUILT, builtProgram, describeMade, hashOfFiles, stampOfFiles } from './built.ts'

const files = ['a.ts', 'lib/b.js']
let directory = ''
let root: URL

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-built-'))
  root = pathToFileURL(`${directory}/`)
  await mkdir(join(directory, BUILT), { recursive: true })
  await mkdir(join(directory, 'lib'))
  for (const file of files) await writeFile(join(directory, file), `text of ${file}`)
})
afterEach(() => rm(directory, { recursive: true }))

async function build(): Promise<void> {
  const [hash = '', stamp = ''] = [hashOfFiles(root, files), stampOfFiles(root, files)]
  await writeFile(join(directory, BUILT, 'made-of'), describeMade({ hash, stamp, files }))
}

test('is what was built of the files that are here', async () => {
  await build()
  expect(builtProgram(root)).toBe(new URL(`${BUILT}/start.js`, root).href)
})

test('is nothing when it was not built', () => {
  expect(builtProgram(root)).toBeUndefined()
})

test('is what was built of files with the same content that were copied since', async () => {
  await build()
  await cp(join(directory, 'a.ts'), join(directory, 'copy'))
  await rename(join(directory, 'copy'), join(directory, 'a.ts'))
  expect(builtProgram(root)).toBeDefined()
})

test('is nothing once a file has changed, even to the same length, or is gone', async () => {
  await build()
  await writeFile(join(directory, 'a.ts'), 'TEXT of a.ts')
  expect(builtProgram(root)).toBeUndefined()
  await writeFile(join(directory, 'a.ts'), 'text of a.ts')
  expect(builtProgram(root)).toBeDefined()
  await rm(join(directory, 'lib/b.js'))
  expect(builtProgram(root)).toBeUndefined()
})
