import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { at } from './support/json.ts'
import { addProject, addUser, basic, bearer, challengeOf, fetchToken, withToken } from './support/login.ts'
import { askRaw, head, RawConnection } from './support/raw.ts'
import { useServer } from './support/server.ts'
import type { Ask, Reply } from './support/wire.ts'
import { IMAGES, makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** P§1.1 and P§3.1: the 401 and what it tells each client. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

const DIGEST = IMAGES['alpha/app'].digest
const SESSION = '6ba7b810-9dad-41d1-80b4-00c04fd430c8'
const MANIFEST = { 'content-type': IMAGES['alpha/app'].mediaType }

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

/** "Bearer realm, service, scope; one challenge per header line, all values quoted, absolute realm" */
function expectChallenge(reply: Reply, scope: string | undefined, error: string | undefined): void {
  expect(reply.status, reply.text).toBe(401)
  const { scheme, parameters } = challengeOf(reply)
  // "advertise Bearer only: several clients take the first scheme offered and CL stops at `basic`."
  expect(scheme).toBe('Bearer')
  expect(parameters['realm']).toBe(`${lamina.now.url}/token`)
  expect(parameters['service']).toMatch(/^[A-Za-z0-9.:/_-]+$/)
  // The suite's client takes the LAST "basic" or "bearer" in the header.
  expect(`${parameters['realm']} ${parameters['service']}`).not.toMatch(/basic|bearer/i)
  expect(parameters['scope']).toBe(scope)
  expect(parameters['error']).toBe(error)
}

describe('GET /v2/', () => {
  // "With auth on: 401 + challenge to every tokenless caller, even when anonymous pulls are allowed [C]."
  // "On `/v2/` no scope."
  test.each(['/v2/', '/v2'])('%s without credentials is challenged, without a scope', async (path) => {
    const reply = await client().get(path)
    expectChallenge(reply, undefined, undefined)
    check(reply, { status: 401, code: 'UNAUTHORIZED' })
    check(await client().head(path), { status: 401 })
  })

  // "Any valid token, even with empty access, gets 200."
  test('any valid token gets 200 {}', async () => {
    for (const token of [
      await fetchToken(world.stranger),
      await fetchToken(client()),
      await fetchToken(world.owner, 'repository:alpha/app:pull'),
    ])
      check(await client().as(bearer(token)).get('/v2/'), { status: 200, json: {} })
  })

  // "Basic auth directly on /v2/: support as convenience"
  test('Basic gets 200, wrong Basic 401', async () => {
    check(await world.viewer.get('/v2/'), { status: 200, json: {} })
    check(await client().as(basic('viewer', 'wrong')).get('/v2/'), { status: 401, code: 'UNAUTHORIZED' })
    check(await client().as(basic('nobody', 'wrong')).get('/v2/'), { status: 401, code: 'UNAUTHORIZED' })
  })

  test.each(['bearer', 'BEARER', 'Bearer '])('the scheme is read as %s too', async (scheme) => {
    check(
      await client()
        .as(`${scheme} ${await fetchToken(world.viewer)}`)
        .get('/v2/'),
      { status: 200 },
    )
  })

  test.each([
    'Bearer',
    'Bearer x',
    'Bearer a.b.c',
    'Digest x',
    'Basic',
    'Basic !!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    'nonsense',
    '  ',
  ])('the Authorization %s is 401', async (authorization) => {
    check(await client().as(authorization).get('/v2/'), { status: 401, code: 'UNAUTHORIZED' })
  })
})

// "Actions: GET/HEAD pull; POST/PATCH/PUT, upload GET/DELETE pull,push; manifest/blob DELETE delete; catalog
// `registry:catalog:*`. Challenge for mount lists both repos, space-separated."
const name = 'alpha/app'
const [pull, push, remove] = [
  `repository:${name}:pull`,
  `repository:${name}:pull,push`,
  `repository:${name}:delete`,
]
const ACTIONS: readonly (readonly [Ask, string])[] = [
  [{ path: `/v2/${name}/blobs/${DIGEST}` }, pull],
  [{ method: 'HEAD', path: `/v2/${name}/blobs/${DIGEST}` }, pull],
  [{ path: `/v2/${name}/manifests/v1` }, pull],
  [{ method: 'HEAD', path: `/v2/${name}/manifests/v1` }, pull],
  [{ path: `/v2/${name}/manifests/${DIGEST.replace(':', '%3A')}` }, pull],
  [{ path: `/v2/${name}/tags/list?n=5` }, pull],
  [{ path: `/v2/${name}/referrers/${DIGEST}` }, pull],
  [{ method: 'POST', path: `/v2/${name}/blobs/uploads/`, body: '' }, push],
  [{ method: 'POST', path: `/v2/${name}/blobs/uploads`, body: '' }, push],
  [{ method: 'POST', path: `/v2/${name}/blobs/uploads/?digest=${DIGEST}`, body: 'x' }, push],
  [{ method: 'PATCH', path: `/v2/${name}/blobs/uploads/${SESSION}`, body: 'x' }, push],
  [{ method: 'PUT', path: `/v2/${name}/blobs/uploads/${SESSION}?digest=${DIGEST}`, body: 'x' }, push],
  [{ path: `/v2/${name}/blobs/uploads/${SESSION}` }, push],
  [{ method: 'DELETE', path: `/v2/${name}/blobs/uploads/${SESSION}` }, push],
  [{ method: 'PUT', path: `/v2/${name}/manifests/v2`, body: '{}', headers: MANIFEST }, push],
  [{ method: 'PUT', path: `/v2/${name}/manifests/${DIGEST}?tag=v2`, body: '{}', headers: MANIFEST }, push],
  [{ method: 'DELETE', path: `/v2/${name}/manifests/v1` }, remove],
  [{ method: 'DELETE', path: `/v2/${name}/manifests/${DIGEST}` }, remove],
  [{ method: 'DELETE', path: `/v2/${name}/blobs/${DIGEST}` }, remove],
  [{ path: '/v2/_catalog' }, 'registry:catalog:*'],
]

describe('a challenge names the right that is needed', () => {
  test.each(
    ACTIONS.map(([ask, scope]) => ({ ask, scope, shown: `${ask.method ?? 'GET'} ${ask.path.slice(0, 60)}` })),
  )('$shown: $scope', async ({ ask, scope }) => {
    expectChallenge(await client().ask(ask), scope, undefined)
  })

  test('a mount names the target with push and the source with pull', async () => {
    const reply = await client().post(`/v2/alpha/new/blobs/uploads/?mount=${DIGEST}&from=beta/app`)
    const scopes = challengeOf(reply).parameters['scope']?.split(' ') ?? []
    expect(scopes.toSorted()).toEqual(['repository:alpha/new:pull,push', 'repository:beta/app:pull'])
  })

  test('a repository that is public still takes a token to push', async () => {
    expectChallenge(
      await client().post('/v2/open/app/blobs/uploads/'),
      'repository:open/app:pull,push',
      undefined,
    )
    expectChallenge(
      await client().delete('/v2/open/app/manifests/v1'),
      'repository:open/app:delete',
      undefined,
    )
  })

  test('following the challenge leads to the content', async () => {
    const scope = challengeOf(await client().get(`/v2/${name}/manifests/v1`)).parameters['scope'] ?? ''
    check(await (await withToken(world.viewer, scope)).get(`/v2/${name}/manifests/v1`), {
      status: 200,
      body: IMAGES[name].bytes,
    })
  })
})

describe('error=', () => {
  // "`error="insufficient_scope"` when a valid token lacks rights" — a token for less, for another repository, for
  // nothing, of nobody, and Basic alike.
  test.each(
    ACTIONS.slice(0, -1).map(([ask, scope]) => ({
      ask,
      scope,
      shown: `${ask.method ?? 'GET'} ${ask.path.slice(0, 60)}`,
    })),
  )('is insufficient_scope for valid credentials without the right: $shown', async ({ ask, scope }) => {
    for (const caller of [await withToken(world.owner), await withToken(client()), world.stranger]) {
      const reply = await caller.ask(ask)
      expectChallenge(reply, scope, 'insufficient_scope')
      if (ask.method !== 'HEAD') check(reply, { status: 401, code: ['UNAUTHORIZED', 'DENIED'] })
    }
  })

  // docker, podman and skopeo print this and not the body; an answer to HEAD has no body. RFC 6750 §3 has the characters.
  test('comes with what the body says is missing, to HEAD too', async () => {
    for (const caller of [world.stranger, await withToken(world.stranger, pull), await withToken(client())]) {
      const reply = await caller.get(`/v2/${name}/manifests/v1`)
      const described = challengeOf(reply).parameters['error_description'] ?? ''
      expect(described).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      expect(described).toBe(at(reply.json, 'errors', 0, 'message'))
      expect(challengeOf(await caller.head(`/v2/${name}/manifests/v1`)).parameters['error_description']).toBe(
        described,
      )
      const absent = await caller.get('/v2/nowhere/app/manifests/v1')
      expect(challengeOf(absent).parameters['error_description']).toBe(described.replace(name, 'nowhere/app'))
    }
    const viewer = await world.viewer.post(`/v2/${name}/blobs/uploads/`)
    expect(challengeOf(viewer).parameters['error_description']).toContain('the role writer')
  })

  test('comes without a text for a token that is for less than its account may', async () => {
    const narrow = await (await withToken(world.owner)).get(`/v2/${name}/manifests/v1`)
    expect(Object.keys(challengeOf(narrow).parameters)).toEqual(['realm', 'service', 'scope', 'error'])
  })

  // "`error="invalid_token"` when expired/bad"
  test.each(
    ACTIONS.map(([ask, scope]) => ({ ask, scope, shown: `${ask.method ?? 'GET'} ${ask.path.slice(0, 60)}` })),
  )('is invalid_token for a bad token: $shown', async ({ ask, scope }) => {
    const good = await fetchToken(world.owner, scope)
    const bad = `${good.slice(0, -6)}${good.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`
    expectChallenge(await client().as(bearer(bad)).ask(ask), scope, 'invalid_token')
  })

  test('is invalid_token on /v2/ too', async () => {
    expectChallenge(await client().as('Bearer garbage').get('/v2/'), undefined, 'invalid_token')
  })
})

describe('the realm', () => {
  test('is built from the Host of the request', async () => {
    const reply = await askRaw(lamina.now.url, 'GET /v2/ HTTP/1.1')
    expect(challengeOf(reply).parameters['realm']).toBe('http://registry.test/token')
  })

  // LAMINA_TRUSTED_PROXIES is empty here: "a forwarded header from anyone else is logged once", not believed.
  test('does not believe a forwarded header from anyone', async () => {
    const reply = await askRaw(
      lamina.now.url,
      'GET /v2/ HTTP/1.1',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: https',
      'Forwarded: host=evil.test',
    )
    expect(challengeOf(reply).parameters['realm']).toBe('http://registry.test/token')
  })

  test.each(['evil.test", error="x', 'a b', '<script>', 'evil.test/path', 'user@evil.test'])(
    'cannot be broken open by Host %s',
    async (host) => {
      const connection = await RawConnection.open(lamina.now.url)
      connection.write(head('GET /v2/ HTTP/1.1', `Host: ${host}`, 'Connection: close'))
      const reply = await connection.reply()
      connection.destroy()
      expect([400, 401]).toContain(reply.status)
      if (reply.status === 401)
        expect(Object.keys(challengeOf(reply).parameters).toSorted()).toEqual(['realm', 'service'])
      expect(reply.header('www-authenticate') ?? '').not.toContain(host)
    },
  )

  describe('with LAMINA_PUBLIC_URL', () => {
    const behind = useServer({ LAMINA_AUTH: 'on', LAMINA_PUBLIC_URL: 'https://registry.example.org' })

    test('is that URL, whatever the Host', async () => {
      const reply = await askRaw(behind.now.url, 'GET /v2/ HTTP/1.1')
      expect(challengeOf(reply).parameters['realm']).toBe('https://registry.example.org/token')
    })
  })
})

describe('policy', () => {
  // LAMINA_CREATE_PROJECTS=admin: "Same answer for hidden and absent repos."
  test('a push into a project that only the administrator may make is insufficient_scope', async () => {
    for (const caller of [world.stranger, await withToken(world.stranger, 'repository:made/up:pull,push')])
      expectChallenge(
        await caller.post('/v2/made/up/blobs/uploads/'),
        'repository:made/up:pull,push',
        'insufficient_scope',
      )
    const made = blob('challenge', 5)
    check(await lamina.now.admin.post(`/v2/made/up/blobs/uploads/?digest=${made.digest}`, made.bytes), {
      status: 201,
    })
  })

  // Also with a token for nothing but what is refused, as clients that delete bring one.
  test('who may pull hears which role is missing, who may not hears nothing of the project', async () => {
    const push = (caller: Client) => caller.post('/v2/alpha/app/blobs/uploads/')
    const remove = (caller: Client) => caller.delete(`/v2/alpha/app/manifests/${DIGEST}`)
    const viewer = await withToken(world.viewer, 'repository:alpha/app:delete')
    for (const caller of [world.viewer, viewer]) {
      expect((await push(caller)).text).toContain(
        "you may pull from 'alpha/app', but not push: that takes the role writer",
      )
      expect((await remove(caller)).text).toContain(
        "you may pull from 'alpha/app', but not delete: that takes the role admin",
      )
    }
    for (const caller of [world.stranger, await withToken(client()), client()])
      for (const ask of [push, remove])
        expect((await ask(caller)).text).toContain("'alpha/app' does not exist, or you may not")
  })
})

describe('LAMINA_CREATE_PROJECTS', () => {
  const free = useServer({ LAMINA_AUTH: 'on', LAMINA_CREATE_PROJECTS: 'users' })
  const nobody = useServer({ LAMINA_AUTH: 'on', LAMINA_CREATE_PROJECTS: 'nobody' })

  test('users: a first push makes the project, and its maker owns it alone', async () => {
    const [maker, other] = [await addUser(free.now.admin, 'maker'), await addUser(free.now.admin, 'other')]
    const token = await withToken(maker, 'repository:mine/app:pull,push')
    const made = blob('challenge/mine', 5)
    check(await token.post(`/v2/mine/app/blobs/uploads/?digest=${made.digest}`, made.bytes), { status: 201 })
    check(await maker.get(`/v2/mine/app/blobs/${made.digest}`), { status: 200 })
    check(await maker.delete(`/v2/mine/app/blobs/${made.digest}`), { status: 202 })
    check(await other.get(`/v2/mine/app/blobs/${made.digest}`), { status: 401 })
    check(await other.post('/v2/mine/app/blobs/uploads/'), { status: 401 })
    check(await free.now.client.post('/v2/anonymous/app/blobs/uploads/'), { status: 401 })
    const anonymous = await withToken(free.now.client, 'repository:anonymous/app:pull,push')
    check(await anonymous.post('/v2/anonymous/app/blobs/uploads/'), { status: 401 })
  })

  // The .NET SDK, the dev container CLI and oras-go look for what they push by the challenge of a HEAD or GET.
  test('users: who may make a project looks there first with a token for pull alone; others see no difference', async () => {
    const [maker, other] = [
      await addUser(free.now.admin, 'looker'),
      await addUser(free.now.admin, 'onlooker'),
    ]
    const made = blob('challenge/looked', 5)
    const look = async (caller: Client) => [
      (await caller.head(`/v2/looked/app/blobs/${made.digest}`)).status,
      (await caller.get('/v2/looked/app/manifests/v1')).status,
      (await caller.get('/v2/looked/app/tags/list')).status,
    ]
    const forPull = async (caller: Client) => withToken(caller, 'repository:looked/app:pull')
    expect(await look(maker)).toEqual([404, 404, 404])
    expect(await look(await forPull(maker))).toEqual([404, 404, 404])
    expect(await look(free.now.client)).toEqual([401, 401, 401])
    expect(await look(await forPull(free.now.client))).toEqual([401, 401, 401])
    const token = await withToken(maker, 'repository:looked/app:pull,push')
    check(await token.post(`/v2/looked/app/blobs/uploads/?digest=${made.digest}`, made.bytes), {
      status: 201,
    })
    expect(await look(await forPull(maker))).toEqual([200, 404, 200])
    expect(await look(await forPull(other))).toEqual([401, 401, 401])
  })

  test('nobody: not even the administrator makes one by a push, but by asking for it', async () => {
    check(await nobody.now.admin.post('/v2/fresh/app/blobs/uploads/'), { status: [401, 403, 404] })
    await addProject(nobody.now.admin, 'fresh')
    check(await nobody.now.admin.post('/v2/fresh/app/blobs/uploads/'), { status: 202 })
  })
})
