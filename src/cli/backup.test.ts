import { afterEach, expect, test } from 'vitest'
import { type FakeServer, fakeServer, lamina } from './cli-fixture.ts'

let server: FakeServer | undefined

afterEach(async () => server?.dispose())

test('a server that was started anew meanwhile knows of no backup: that is said, and what to do', async () => {
  const begun = {
    state: 'running',
    directory: '/backup',
    begun: '2026-08-01T12:00:00.000Z',
    copied: { blobs: 0, bytes: 0 },
  }
  server = await fakeServer([202, begun], [200, begun], [200, {}])
  const environment = { LAMINA_DATA: server.data }
  const { code, error } = await lamina(['backup', '--to', '/backup'], { directory: server.data, environment })
  expect(code).toBe(1)
  expect(error).toContain('started anew')
  expect(error).toContain('repeat it')
})
