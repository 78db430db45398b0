import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { ON_CLUSTER } from './support/form.ts'
import { type Image, image } from './support/images.ts'
import { listAt, textAt } from './support/json.ts'
import { addUser, basic, fetchToken } from './support/login.ts'
import { beginUpload, closing, openUpload, pushImage, putManifest } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'

/** DESIGN §4: the command line asks the running server, which moves everything while pushes and pulls go on. */
const PATH = '/api/v1/migration'
const NAME = 'move/app'
const BEFORE = Array.from({ length: 12 }, (_, at) => image(`move/before/${at}`, {}, 2))
let server: Server
let elsewhere: string

beforeAll(async () => {
  server = await startServer({ LAMINA_AUTH: 'on' })
  elsewhere = await mkdtemp(join(tmpdir(), 'lamina-moved-'))
  await addUser(server.admin, 'mover', 'the one who moves')
  for (const [at, made] of BEFORE.entries()) await pushImage(server.admin, NAME, made, `before-${at}`)
})

afterAll(async () => {
  await dispose(server)
  await rm(elsewhere, { recursive: true, force: true })
})

const begin = (settings: object) => server.admin.sendJson('POST', PATH, { settings })

async function phase(): Promise<string> {
  return textAt((await server.admin.get(PATH)).json, 'phase')
}

describe.skipIf(ON_CLUSTER)('a move of the whole registry', () => {
  test('is refused for settings that are wrong, and for stores that are in use', async () => {
    check(await begin({ lissten: 'x' }), { status: 400, code: 'REQUEST_INVALID' })
    check(await begin({ data: server.data }), { status: 400, code: 'REQUEST_INVALID' })
    const other = await startServer()
    await other.stop()
    check(await begin({ data: other.data }), { status: 409, code: 'CONFLICT' })
    await rm(other.data, { recursive: true, force: true })
    expect(await phase()).toBe('none')
  })

  test('loses nothing that was answered, while clients push and pull', async () => {
    const pushed = new Map<string, Image>(BEFORE.map((made, at) => [`before-${at}`, made]))
    const location = await beginUpload(server.admin, NAME, Buffer.from('half of a layer'))
    let done = false
    const load = Promise.all([pushUntilRefused(pushed), pullUntil(() => done)])
    // Both are under way before the move begins.
    await expect.poll(() => pushed.size).toBeGreaterThan(BEFORE.length)
    check(await begin({ data: elsewhere }), { status: 202 })
    await expect.poll(phase, { timeout: 20_000 }).toBe('moved')
    const [, pulls] = await (async () => {
      done = true
      return load
    })()
    expect(pulls).toBeGreaterThan(0)
    await expectClosed(location)
    await server.stop()
    server = await startServer(server.settings, elsewhere)
    await expectAll(server.admin, pushed)
    // The new place is a registry like any other.
    await pushImage(server.admin, NAME, image('move/after'), 'after')
  })
})

/** Pushes one image after the other until the registry takes no more, and notes what was answered 201. */
async function pushUntilRefused(pushed: Map<string, Image>): Promise<void> {
  for (let at = 0; ; at++) {
    const made = image(`move/during/${at}`, {}, 2)
    const opened = await server.admin.post(`/v2/${NAME}/blobs/uploads/`)
    if (opened.status === 503) return
    for (const blob of made.blobs) {
      const reply = await server.admin.post(`/v2/${NAME}/blobs/uploads/?digest=${blob.digest}`, blob.bytes)
      if (reply.status === 503) return
      check(reply, { status: 201 })
    }
    const reply = await putManifest(server.admin, NAME, `during-${at}`, made)
    if (reply.status === 503) return
    check(reply, { status: 201 })
    pushed.set(`during-${at}`, made)
  }
}

/** Pulls without a pause; every pull must succeed. */
async function pullUntil(done: () => boolean): Promise<number> {
  let pulls = 0
  while (!done()) {
    const made = BEFORE[pulls % BEFORE.length]
    if (made === undefined) throw new Error('nothing to pull')
    check(await server.admin.get(`/v2/${NAME}/manifests/before-${pulls % BEFORE.length}`), {
      status: 200,
      body: made.bytes,
    })
    for (const blob of made.blobs)
      check(await server.admin.get(`/v2/${NAME}/blobs/${blob.digest}`), { status: 200, body: blob.bytes })
    pulls += 1
  }
  return pulls
}

/** After the move: pulls go on, every write says that the registry moves. */
async function expectClosed(location: string): Promise<void> {
  const closed = { status: 503, code: 'UNAVAILABLE', headers: { 'retry-after': /^\d+$/ } }
  const [first] = BEFORE
  if (first === undefined) throw new Error('nothing was pushed')
  check(await server.admin.get(`/v2/${NAME}/manifests/before-0`), { status: 200, body: first.bytes })
  check(await server.admin.patch(location, 'the rest'), closed)
  check(await putManifest(server.admin, NAME, 'late', first), closed)
  check(await server.admin.delete(`/v2/${NAME}/manifests/before-0`), closed)
  check(
    await server.admin.sendJson('POST', '/api/v1/users', { name: 'late', password: 'too late for this' }),
    {
      ...closed,
    },
  )
}

async function expectAll(client: Client, pushed: ReadonlyMap<string, Image>): Promise<void> {
  for (const [tag, made] of pushed) {
    check(await client.get(`/v2/${NAME}/manifests/${tag}`), { status: 200, body: made.bytes })
    for (const blob of made.blobs)
      check(await client.get(`/v2/${NAME}/blobs/${blob.digest}`), { status: 200, body: blob.bytes })
  }
  const tags = listAt((await client.get(`/v2/${NAME}/tags/list`)).json, 'tags')
  expect(tags).toEqual([...pushed.keys()].toSorted())
  // Users went along, and so did the keys that sign tokens.
  await fetchToken(client.as(basic('mover', 'the one who moves')))
  // Sessions stay behind: their clients begin again.
  const location = await openUpload(client, NAME)
  check(await client.put(closing(location, BEFORE[0]?.digest ?? ''), ''), { status: 400 })
}
