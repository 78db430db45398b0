import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { image } from './support/images.ts'
import { pushImage } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'

/** SECURITY.md: "the data directory is readable by the server's user alone". Who makes it by hand makes it for all to read. */
let scratch: string
let server: Server | undefined

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'lamina-private-'))
})
afterAll(async () => {
  if (server !== undefined) await dispose(server)
  await rm(scratch, { recursive: true, force: true })
})

test('nobody else may read what a server writes into a directory that everybody may enter', async () => {
  const data = join(scratch, 'data')
  await mkdir(data, { mode: 0o755 })
  server = await startServer({}, data)
  await pushImage(server.admin, 'shop/web', image('private'), 'v1')
  const names = await readdir(data, { recursive: true })
  expect(names.length).toBeGreaterThan(10)
  const open = await Promise.all(
    names.map(async (name) => ((await stat(join(data, name))).mode & 0o077 ? [name] : [])),
  )
  expect(open.flat()).toEqual([])
})
