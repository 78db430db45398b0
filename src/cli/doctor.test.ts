import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type FakeServer, fakeServer, lamina } from './cli-fixture.ts'

let server: FakeServer | undefined

afterEach(async () => server?.dispose())

const report = z.object({
  findings: z.array(z.object({ check: z.string(), state: z.string(), found: z.string() })),
})

test('an item that background work failed at is a finding, with the reason', async () => {
  const failure = {
    job: 'quarantine',
    item: 'sha256:5eed',
    attempts: 2,
    first: '2026-08-01T12:00:00.000Z',
    last: '2026-08-01T12:05:00.000Z',
    next: '2026-08-01T12:10:00.000Z',
    message: 'The disk is full.',
  }
  server = await fakeServer(
    [200, {}],
    [200, { jobs: [{ name: 'quarantine' }], failures: [failure] }],
    [200, { damaged: [] }],
  )
  const environment = { LAMINA_DATA: server.data, LAMINA_LISTEN: '127.0.0.1:0' }
  const ran = await lamina(['doctor', '--json'], { directory: server.data, environment })
  expect(ran.error).toBe('')
  const background = report.parse(JSON.parse(ran.output)).findings.find(({ check }) => check === 'background')
  expect(background).toMatchObject({
    state: 'warning',
    found: '1 items could not be done, the first in quarantine: The disk is full.',
  })
})
