import { afterEach, expect, test } from 'vitest'
import { type Answer, type FakeServer, fakeServer, lamina, type Ran } from './cli-fixture.ts'

const CHECK = {
  state: 'running',
  checked: { records: 1, blobs: 1, locations: 1 },
  problems: [],
  examples: [],
}
const ALONE = { ...CHECK, alone: 'the disk is full' }

let server: FakeServer | undefined

afterEach(async () => server?.dispose())

async function fsck(...answers: Answer[]): Promise<Ran> {
  server = await fakeServer(...answers)
  return lamina(['fsck'], { directory: server.data, environment: { LAMINA_DATA: server.data } })
}

test('a check that one server runs alone is waited for there, whoever answers in between', async () => {
  const elsewhere: Answer[] = [
    [200, {}],
    [200, { ...CHECK, state: 'done' }],
  ]
  const ran = await fsck([202, ALONE], ...elsewhere, [200, ALONE], [200, { ...ALONE, state: 'done' }])
  expect([ran.code, ran.error]).toEqual([0, ''])
  expect(ran.output).toContain('Only this server knows of this check: the disk is full.')
  expect(server?.seen).toHaveLength(5)
})

test('one that cannot be reached again is named as such', async () => {
  const ran = await fsck([202, ALONE], ...Array.from({ length: 10 }, (): Answer => [200, {}]))
  expect(ran.code).toBe(1)
  expect(ran.error).toContain('Ask that server itself')
})
