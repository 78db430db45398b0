import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob, image, index } from './support/images.ts'
import { addMember, addUser, bearer, fetchToken, withToken } from './support/login.ts'
import { beginUpload, closing, openUpload, pushBlob, putManifest } from './support/push.ts'
import { requests } from './support/requests.ts'
import { useServer } from './support/server.ts'
import type { Ask } from './support/wire.ts'
import { IMAGES, makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** Who may do what: roles, tokens that narrow, sessions that belong to one account. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

const HIDDEN = IMAGES['beta/app']
const LAYER = HIDDEN.blobs[1]?.digest ?? ''
const MANIFEST = { 'content-type': HIDDEN.mediaType }

// "Roles on a project: viewer (pull), writer (push), admin (delete, members, settings)" (DESIGN §5)
describe('roles', () => {
  const made = image('access/roles')
  const name = 'alpha/roles'
  const at = `/v2/${name}`
  const ACTS: readonly (readonly [string, Ask, keyof World | 'viewer', number])[] = [
    ['read a manifest', { path: `${at}/manifests/v1` }, 'viewer', 200],
    ['read a blob', { path: `${at}/blobs/${made.blobs[0]?.digest}` }, 'viewer', 200],
    ['list tags', { path: `${at}/tags/list` }, 'viewer', 200],
    ['list referrers', { path: `${at}/referrers/${made.digest}` }, 'viewer', 200],
    ['open an upload', { method: 'POST', path: `${at}/blobs/uploads/`, body: '' }, 'writer', 202],
    [
      'mount',
      { method: 'POST', path: `${at}/blobs/uploads/?mount=${made.blobs[0]?.digest}`, body: '' },
      'writer',
      201,
    ],
    [
      'put a manifest',
      { method: 'PUT', path: `${at}/manifests/v2`, headers: MANIFEST, body: made.bytes },
      'writer',
      201,
    ],
    ['delete a tag', { method: 'DELETE', path: `${at}/manifests/absent` }, 'owner', 404],
    [
      'delete a manifest',
      { method: 'DELETE', path: `${at}/manifests/sha256:${'0'.repeat(64)}` },
      'owner',
      404,
    ],
    ['delete a blob', { method: 'DELETE', path: `${at}/blobs/sha256:${'0'.repeat(64)}` }, 'owner', 404],
  ]
  const order: readonly (keyof World)[] = ['stranger', 'viewer', 'writer', 'owner']

  beforeAll(async () => {
    for (const each of made.blobs) await pushBlob(world.writer, name, each)
    check(await putManifest(world.writer, name, 'v1', made), { status: 201 })
  })

  test.each(ACTS.map(([act, ask, least, status]) => ({ act, ask, least, status })))(
    'to $act takes the $least at least',
    async ({ ask, least, status }) => {
      for (const who of order) {
        const may = order.indexOf(who) >= order.indexOf(least)
        check(await world[who].ask(ask), { status: may ? status : 401 })
        check(await (await withToken(world[who], `repository:${name}:*`)).ask(ask), {
          status: may ? status : 401,
        })
      }
      check(await lamina.now.admin.ask(ask), { status })
    },
  )

  // "**Push permission must suffice**, not delete: CL, GG/kaniko, RC, docker all cancel with push tokens"
  test('a push token cancels its upload', async () => {
    const token = await withToken(world.writer, `repository:${name}:pull,push`)
    check(await token.delete(await openUpload(token, name)), { status: 204 })
  })

  test('a member who leaves has nothing any more, a role that changes counts at once', async () => {
    const { admin } = lamina.now
    const leaver = await addUser(admin, 'leaver')
    await addMember(admin, 'alpha', 'leaver', 'writer')
    check(await leaver.post(`${at}/blobs/uploads/`), { status: 202 })
    await addMember(admin, 'alpha', 'leaver', 'viewer')
    check(await leaver.post(`${at}/blobs/uploads/`), { status: 401 })
    check(await leaver.get(`${at}/manifests/v1`), { status: 200 })
    check(await admin.delete('/api/v1/projects/alpha/members/leaver'), { status: 204 })
    check(await leaver.get(`${at}/manifests/v1`), { status: 401 })
    check(await (await withToken(leaver, `repository:${name}:pull`)).get(`${at}/manifests/v1`), {
      status: 401,
    })
  })

  test('a project made public opens for everyone to pull, made private closes', async () => {
    const { admin } = lamina.now
    const anonymous = async () =>
      (await withToken(client(), 'repository:turn/app:pull')).get('/v2/turn/app/tags/list')
    check(await admin.sendJson('POST', '/api/v1/projects', { name: 'turn' }), { status: 201 })
    await pushBlob(admin, 'turn/app', blob('access/turn', 5))
    check(await putManifest(admin, 'turn/app', 'v1', index([])), { status: 201 })
    check(await anonymous(), { status: 401 })
    check(await admin.sendJson('PATCH', '/api/v1/projects/turn', { public: true }), { status: 200 })
    check(await anonymous(), { status: 200 })
    check(await admin.sendJson('PATCH', '/api/v1/projects/turn', { public: false }), { status: 200 })
    check(await anonymous(), { status: 401 })
  })

  // "long immutable cache header (private when the repo is)"
  test('the cache header says private where the project is', async () => {
    const path = (project: 'alpha' | 'open') =>
      `/v2/${project}/app/blobs/${IMAGES[`${project}/app`].blobs[0]?.digest}`
    check(await world.viewer.get(path('alpha')), { status: 200, headers: { 'cache-control': /private/ } })
    check(await world.viewer.head(path('alpha')), { status: 200, headers: { 'cache-control': /private/ } })
    const open = await world.viewer.get(path('open'))
    check(open, { status: 200, headers: { 'cache-control': /immutable/ } })
    expect(open.header('cache-control')).not.toMatch(/private/)
  })
})

describe('a token narrows its account', () => {
  const app = 'repository:alpha/app'

  // CVE-2026-27771: "a token with no scope gives nothing"
  test('a token without scope opens nothing', async () => {
    const token = await withToken(world.owner)
    for (const ask of requests('alpha/app')) check(await token.ask(ask), { status: 401 })
  })

  test('pull does not push, push does not delete, delete does not pull', async () => {
    const [pull, push, remove] = await Promise.all(
      [`${app}:pull`, `${app}:push`, `${app}:delete`].map(async (scope) => withToken(world.owner, scope)),
    )
    const acts: readonly Ask[] = [
      { path: '/v2/alpha/app/manifests/v1' },
      { method: 'POST', path: '/v2/alpha/app/blobs/uploads/', body: '' },
      { method: 'DELETE', path: '/v2/alpha/app/manifests/absent' },
    ]
    const statuses = async (caller: Client | undefined) =>
      Promise.all(acts.map(async (ask) => (await caller?.ask(ask))?.status))
    expect(await statuses(pull)).toEqual([200, 401, 401])
    expect((await statuses(push)).slice(2)).toEqual([401])
    expect((await statuses(remove)).slice(0, 2)).toEqual([401, 401])
  })

  test('a token for one repository is none for its neighbour, its prefix or its child', async () => {
    const token = await withToken(world.owner, `${app}:*`)
    for (const name of ['alpha/other', 'alpha', 'alpha/app/child', 'alpha/ap', 'alpha/app2', 'open/app2'])
      check(await token.post(`/v2/${name}/blobs/uploads/`), { status: 401 })
  })

  test('an administrator may narrow too', async () => {
    const token = await withToken(lamina.now.admin, `${app}:pull`)
    check(await token.get('/v2/alpha/app/manifests/v1'), { status: 200 })
    check(await token.post('/v2/alpha/app/blobs/uploads/'), { status: 401 })
    check(await token.get('/v2/beta/app/manifests/v1'), { status: 401 })
  })
})

describe('an upload session', () => {
  // Quay CVE-2026-32589: "upload id bound to repo + subject; foreign id → 404 for PATCH, PUT, GET, DELETE"
  test('of another account is 404, with every method, by Basic and by token', async () => {
    const location = await beginUpload(world.writer, 'alpha/app', Buffer.from('half'))
    for (const caller of [
      world.owner,
      lamina.now.admin,
      await withToken(world.owner, 'repository:alpha/app:pull,push'),
    ]) {
      for (const method of ['GET', 'PATCH', 'DELETE'])
        check(await caller.ask({ method, path: location, body: '' }), {
          status: 404,
          code: 'BLOB_UPLOAD_UNKNOWN',
        })
      check(await caller.put(closing(location, LAYER), ''), { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
    }
    check(await world.writer.get(location), { status: 204, headers: { range: '0-3' } })
  })

  test('belongs to the account, not to the token: another token of the same account goes on', async () => {
    const scope = 'repository:alpha/app:pull,push'
    const made = blob('access/two tokens', 40)
    const location = await beginUpload(
      await withToken(world.writer, scope),
      'alpha/app',
      made.bytes.subarray(0, 10),
    )
    const second = client().as(bearer(await fetchToken(world.writer, scope)))
    check(await second.patch(location, made.bytes.subarray(10, 20)), { status: 202 })
    check(await world.writer.put(closing(location, made.digest), made.bytes.subarray(20)), { status: 201 })
  })
})
