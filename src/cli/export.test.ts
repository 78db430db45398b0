import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RequestListener } from '../http/listener.ts'
import { startTestServer } from '../http/server-fixture.ts'
import { lamina } from './cli-fixture.ts'

test('two exports to one file at once are both whole, and the file is one of them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-export-'))
  const begun = Promise.withResolvers<() => void>()
  let asked = 0
  const handler: RequestListener = (_, response) => {
    asked += 1
    response.writeHead(200, { 'content-length': '6', 'docker-content-digest': 'sha256:x' })
    if (asked > 1) response.end('second')
    else response.write('fir', () => begun.resolve(() => void response.end('st.')))
  }
  const { data, dispose } = await startTestServer(handler)
  const run = () =>
    lamina(['export', 'a/b:c', '--output', 'image.tar'], { directory, environment: { LAMINA_DATA: data } })
  const first = run()
  const finish = await begun.promise
  await expect.poll(() => readdir(directory)).toHaveLength(1)
  expect((await run()).error).toBe('')
  expect(await readFile(join(directory, 'image.tar'), 'utf8')).toBe('second')
  finish()
  expect((await first).error).toBe('')
  expect(await readFile(join(directory, 'image.tar'), 'utf8')).toBe('first.')
  expect(await readdir(directory)).toEqual(['image.tar'])
  await dispose()
  await rm(directory, { recursive: true })
})
