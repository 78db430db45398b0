import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { createAuth } from '../../auth/create-auth.ts'
import { cheapPasswords } from '../../auth/passwords-fixture.ts'
import { hashSecret, makeSecret } from '../../auth/secrets.ts'
import { createAccounts } from '../../projects/accounts.ts'
import { createBadgeKeys } from '../../projects/badges.ts'
import { createMembers } from '../../projects/members.ts'
import { createProjects } from '../../projects/projects.ts'
import { openTestRegistry } from '../../registry/registry-fixture.ts'
import { authorize } from '../authorize.ts'
import type { Reply } from '../exchange.ts'
import { createMatcher } from '../match.ts'
import { asRegistryError, renderError } from '../render-error.ts'
import type { Route } from '../route.ts'
import { writeReply } from '../write-reply.ts'
import { apiRoutes } from './routes.ts'

/** /api/v1 on a real socket, with the matcher and the rights that stand before it, and no middleware. */

let metadata: MetadataStore
let auth: ReturnType<typeof createAuth>
let routes: Route[]
let match: ReturnType<typeof createMatcher>
let server: Server
let origin = ''
const crashes: unknown[] = []

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  const now = Date.now
  auth = createAuth({
    metadata,
    enabled: true,
    settings: { createProjects: 'users' },
    secret: undefined,
    passwords: cheapPasswords(),
  })
  const accounts = createAccounts({ metadata, secrets: auth.credentials, now })
  const projects = createProjects({ metadata, accounts, now })
  const members = createMembers({ metadata, now })
  const registry = { ...(await openTestRegistry()).parts, metadata }
  const badges = createBadgeKeys({ metadata, secrets: { make: makeSecret, hash: hashSecret }, now })
  routes = apiRoutes({
    ...auth,
    accounts,
    badges,
    projects,
    members,
    registry,
    addressOf: () => '192.0.2.1',
    now,
  })
  match = createMatcher(routes)
  for (const name of ['root', 'alice', 'bob', 'carol'])
    await auth.users.create({ name, password: passwordOf(name), administrator: name === 'root' })
  await projects.create({ name: 'demo', public: false, account: 'user:alice' })
  await projects.create({ name: 'other', public: false, account: 'user:bob' })
  await projects.create({ name: 'open', public: true, account: 'user:bob' })
  await members.put('demo', 'carol', 'viewer')
  server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  origin = `http://127.0.0.1:${address.port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  expect(crashes.splice(0)).toEqual([])
})

function basicOf(name: string): string {
  return `Basic ${Buffer.from(`${name}:${passwordOf(name)}`).toString('base64')}`
}

function passwordOf(name: string): string {
  return `password of ${name}`
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await dispatch(request).catch((error: unknown) => {
    const known = asRegistryError(error)
    if (known.code === 'UNKNOWN') crashes.push(error)
    return renderError(known, 'id')
  })
  await writeReply(request, response, reply)
}

async function dispatch(request: IncomingMessage): Promise<Reply> {
  const { pathname, searchParams: query } = new URL(request.url ?? '', origin)
  const method = request.method ?? ''
  const found = match(method, pathname)
  if (found === undefined || 'allowed' in found) return { status: 404 }
  const { route, params } = found
  const caller = await auth.authenticate(request.headers.authorization, '192.0.2.1')
  const { isPublic } = await authorize(auth.access, { right: route.right, params, caller, query, origin })
  const asked = { request, method, params, query, caller, isPublic, origin }
  return route.handle({ ...asked, address: '::1', requestId: 'id', note: () => undefined })
}

const anything = z.record(z.string(), z.unknown())
const failure = z.object({ errors: z.tuple([z.object({ message: z.string() })]) })

async function call(who: string | undefined, line: string, body?: unknown) {
  const [method = '', path = ''] = line.split(' ')
  const authorization =
    who === undefined
      ? {}
      : {
          authorization: who.startsWith('Bearer') ? who : basicOf(who),
        }
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : anything.parse(JSON.parse(text)) }
}

function text(value: unknown): string {
  return z.string().parse(value)
}

describe('users', () => {
  it('are made, listed and deleted by administrators', async () => {
    expect(await call('root', 'POST /api/v1/users', { name: 'dave', password: 'long enough' })).toEqual({
      status: 201,
      body: { name: 'dave' },
    })
    const made = await call('root', 'POST /api/v1/users', { name: 'erin', admin: true })
    expect(made).toMatchObject({ status: 201, body: { name: 'erin' } })
    expect(text(made.body['password'])).toHaveLength(23)
    const page = await call('root', 'GET /api/v1/users?n=2&last=bob')
    expect(page.body).toMatchObject({
      users: [{ name: 'carol' }, { name: 'dave', admin: false }],
      next: 'dave',
    })
    const rest = await call('root', 'GET /api/v1/users?last=dave')
    expect(rest.body).toMatchObject({ users: [{ name: 'erin', admin: true }, { name: 'root' }] })
    expect(rest.body['next']).toBeUndefined()
    expect((await call('root', 'DELETE /api/v1/users/dave')).status).toBe(204)
    expect((await call('root', 'DELETE /api/v1/users/dave')).status).toBe(404)
  })

  it('do not make themselves administrators', async () => {
    for (const line of ['POST /api/v1/users', 'GET /api/v1/users', 'DELETE /api/v1/users/bob'])
      expect(
        (await call('alice', line, line.startsWith('POST') ? { name: 'x', admin: true } : undefined)).status,
      ).toBe(403)
    expect((await call('alice', 'PUT /api/v1/users/alice/password', { admin: true })).status).toBe(400)
  })

  it('change their own password, administrators any', async () => {
    expect(await call('alice', 'PUT /api/v1/users/alice/password', { password: 'something else' })).toEqual({
      status: 200,
      body: {},
    })
    expect((await call('alice', 'GET /api/v1/user')).status).toBe(401)
    expect(
      (await call('root', 'PUT /api/v1/users/alice/password', { password: passwordOf('alice') })).status,
    ).toBe(200)
    expect((await call('alice', 'GET /api/v1/user')).body).toEqual({
      kind: 'user',
      name: 'alice',
      admin: false,
    })
    const generated = await call('root', 'PUT /api/v1/users/bob/password')
    expect(text(generated.body['password'])).toHaveLength(23)
    const others = ['bob', 'nobody'].map((name) =>
      call('alice', `PUT /api/v1/users/${name}/password`, { password: 'mine, now' }),
    )
    const [there, absent] = await Promise.all(others)
    expect(there?.status).toBe(403)
    expect(absent).toEqual(there)
  })
})

describe('personal tokens', () => {
  it('are shown once, work as Bearer, and belong to one user', async () => {
    const made = await call('alice', 'POST /api/v1/user/tokens', { name: 'laptop', expiresInDays: 30 })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'laptop' },
    })
    expect(text(made.body['secret'])).toMatch(/^lam_/)
    const bearer = `Bearer ${text(made.body['secret'])}`
    expect((await call(bearer, 'GET /api/v1/user')).body).toMatchObject({ name: 'alice' })
    const id = text(made.body['id'])
    expect((await call('bob', `DELETE /api/v1/user/tokens/${id}`)).status).toBe(404)
    const list = await call('alice', 'GET /api/v1/user/tokens')
    expect(list.body).toMatchObject({ tokens: [{ id, name: 'laptop', kind: 'personal' }] })
    expect(JSON.stringify(list.body)).not.toContain(text(made.body['secret']))
    expect((await call('alice', `DELETE /api/v1/user/tokens/${id}`)).status).toBe(204)
    expect((await call(bearer, 'GET /api/v1/user')).status).toBe(401)
  })

  it('registry tokens are not for this API', async () => {
    const token = await auth.tokens.issue({ kind: 'user', name: 'root', administrator: true }, [])
    for (const line of ['GET /api/v1/users', 'GET /api/v1/user', 'POST /api/v1/keys/rotate'])
      expect((await call(`Bearer ${token}`, line)).status).toBe(401)
    expect((await call(`Bearer ${token}`, 'GET /api/v1/projects/demo')).status).toBe(401)
    expect((await call(`Bearer ${token}`, 'GET /api/v1/projects')).body).toMatchObject({
      projects: [{ name: 'open' }],
    })
  })
})

describe('projects', () => {
  it('are made, changed and deleted', async () => {
    expect(await call('carol', 'POST /api/v1/projects', { name: 'fresh' })).toMatchObject({
      status: 201,
      body: { name: 'fresh', public: false },
    })
    expect((await call('carol', 'POST /api/v1/projects', { name: 'fresh' })).status).toBe(409)
    expect(await call('carol', 'PATCH /api/v1/projects/fresh', { public: true })).toMatchObject({
      body: { public: true },
    })
    expect((await call(undefined, 'GET /api/v1/projects/fresh')).status).toBe(200)
    expect((await call('carol', 'DELETE /api/v1/projects/fresh')).status).toBe(204)
    expect((await call('root', 'GET /api/v1/projects/fresh')).status).toBe(404)
  })

  it('are listed for whom they are readable', async () => {
    const names = async (who: string | undefined) =>
      z
        .object({ projects: z.array(z.object({ name: z.string() })) })
        .parse((await call(who, 'GET /api/v1/projects')).body)
        .projects.map((project) => project.name)
    expect(await names(undefined)).toEqual(['open'])
    expect(await names('carol')).toEqual(['demo', 'open'])
    expect(await names('root')).toEqual(['demo', 'open', 'other'])
    expect((await call('root', 'GET /api/v1/projects?n=1')).body).toMatchObject({ next: 'demo' })
  })
})

describe('service accounts', () => {
  it('are made with a key file that logs in, at home alone', async () => {
    const made = await call('alice', 'POST /api/v1/projects/demo/accounts', { name: 'ci', role: 'writer' })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'ci', user: 'demo+ci', keyFile: { type: 'lamina_service_account' } },
    })
    const login = await auth.logins.withPassword(
      { username: '_json_key', password: JSON.stringify(made.body['keyFile']) },
      '',
    )
    expect(login.identity).toEqual({ kind: 'account', project: 'demo', name: 'ci', role: 'writer' })
    const bearer = `Bearer ${text(made.body['secret'])}`
    expect((await call(bearer, 'GET /api/v1/user')).body).toMatchObject({ kind: 'account', role: 'writer' })
    expect((await call(bearer, 'GET /api/v1/projects/demo')).status).toBe(200)
    expect((await call(bearer, 'GET /api/v1/projects/other')).status).toBe(404)
    expect((await call(bearer, 'GET /api/v1/projects/demo/members')).status).toBe(403)
    expect((await call(bearer, 'POST /api/v1/user/tokens', { name: 'x' })).status).toBe(403)
    expect((await call(bearer, 'POST /api/v1/projects', { name: 'x' })).status).toBe(403)
    const list = await call('alice', 'GET /api/v1/projects/demo/accounts')
    expect(list.body).toMatchObject({ accounts: [{ name: 'ci', role: 'writer', user: 'demo+ci' }] })
    expect(JSON.stringify(list.body)).not.toContain('lam_')
    expect((await call('alice', 'DELETE /api/v1/projects/demo/accounts/ci')).status).toBe(204)
    expect((await call(bearer, 'GET /api/v1/user')).status).toBe(401)
  })
})

describe('nobody sees or changes what they may not', () => {
  const inProject: [string, unknown][] = [
    ['GET /api/v1/projects/{p}', undefined],
    ['PATCH /api/v1/projects/{p}', { public: true }],
    ['DELETE /api/v1/projects/{p}', undefined],
    ['GET /api/v1/projects/{p}/members', undefined],
    ['PUT /api/v1/projects/{p}/members/alice', { role: 'admin' }],
    ['DELETE /api/v1/projects/{p}/members/bob', undefined],
    ['GET /api/v1/projects/{p}/accounts', undefined],
    ['POST /api/v1/projects/{p}/accounts', { name: 'x', role: 'admin' }],
    ['DELETE /api/v1/projects/{p}/accounts/ci', undefined],
    ['GET /api/v1/projects/{p}/badges', undefined],
    ['POST /api/v1/projects/{p}/badges', { repository: 'demo/app' }],
    ['DELETE /api/v1/projects/{p}/badges/ab', undefined],
    ['GET /api/v1/projects/{p}/policy', undefined],
    ['PATCH /api/v1/projects/{p}/policy', { immutable: ['v*'] }],
    ['POST /api/v1/projects/{p}/retention-preview', {}],
    ['GET /api/v1/projects/{p}/usage', undefined],
    ['DELETE /api/v1/projects/{p}/repositories?repository={p}/app', undefined],
    ['GET /api/v1/projects/{p}/tag-log?repository={p}/app&tag=v1', undefined],
    ['POST /api/v1/projects/{p}/rollback', { repository: 'demo/app', tag: 'v1' }],
    ['GET /api/v1/projects/{p}/deleted?repository={p}/app', undefined],
    ['POST /api/v1/projects/{p}/restore', { repository: 'demo/app', digest: 'sha256:0' }],
    ['DELETE /api/v1/projects/{p}/tag?repository={p}/app&tag=v1', undefined],
    ['DELETE /api/v1/projects/{p}/manifest?repository={p}/app&digest=sha256:0', undefined],
    ['GET /api/v1/projects/{p}/deletion-preview?repository={p}/app&digest=sha256:0', undefined],
    ['PUT /api/v1/projects/{p}/keep', { repository: 'demo/app', digest: 'sha256:0', keep: true }],
  ]
  /** What a viewer may ask, and its answer: there is no repository here. */
  const forViewers = new Map([
    ['GET /api/v1/projects/{p}', 200],
    ['GET /api/v1/projects/{p}/policy', 200],
    ['GET /api/v1/projects/{p}/usage', 200],
    ['GET /api/v1/projects/{p}/tag-log?repository={p}/app&tag=v1', 404],
  ])

  it('has a case for every route whose right is a role in the project', () => {
    expect(inProject).toHaveLength(routes.filter(({ right }) => right.startsWith('project-')).length)
  })

  it.each(inProject)('%s: hidden and absent projects answer alike', async (line, body) => {
    for (const who of ['alice', 'carol', undefined]) {
      const hidden = await call(who, line.replaceAll('{p}', 'other'), body)
      const absent = await call(who, line.replaceAll('{p}', 'never'), body)
      expect(hidden.status).toBe(who === undefined ? 401 : 404)
      expect(JSON.stringify(hidden)).toBe(JSON.stringify(absent).replaceAll('never', 'other'))
    }
  })

  it.each(inProject)('%s: a viewer changes nothing', async (line, body) => {
    const got = await call('carol', line.replaceAll('{p}', 'demo'), body)
    expect(got.status).toBe(forViewers.get(line) ?? 403)
  })

  it('ids of another project or user lead nowhere', async () => {
    await call('bob', 'POST /api/v1/projects/other/accounts', { name: 'theirs', role: 'writer' })
    expect((await call('alice', 'DELETE /api/v1/projects/demo/accounts/theirs')).status).toBe(404)
    expect((await call('alice', 'DELETE /api/v1/projects/demo/members/bob')).status).toBe(404)
    expect((await call('bob', 'GET /api/v1/projects/other/accounts')).body).toMatchObject({
      accounts: [{ name: 'theirs' }],
    })
  })

  it('anonymous and wrong callers get nothing from the rest', async () => {
    for (const route of routes.filter((row) => row.right === 'signed-in' || row.right === 'administrator')) {
      const path = route.path.replace(/\{\w+\}/g, 'alice')
      expect((await call(undefined, `${route.method} ${path}`)).status).toBe(401)
      // Later ones are too many failures at once.
      expect([401, 429]).toContain((await call('nobody', `${route.method} ${path}`)).status)
    }
  })
})

describe('bad input', () => {
  const cases: [string, unknown, number, string][] = [
    ['POST /api/v1/users', { name: 'x', role: 'root' }, 400, 'role'],
    ['POST /api/v1/users', { name: 'x', has_admin_role: true, administrator: true }, 400, 'has_admin_role'],
    ['POST /api/v1/users', { name: 7 }, 400, 'name'],
    ['POST /api/v1/users', { name: 'X' }, 400, 'X'],
    ['POST /api/v1/users', { name: 'x', password: 'short' }, 400, 'password'],
    ['POST /api/v1/users', {}, 400, 'name'],
    ['POST /api/v1/users', '[]', 400, 'body'],
    ['POST /api/v1/users', '{', 400, 'JSON'],
    ['POST /api/v1/users', '['.repeat(60_000), 400, 'JSON'],
    ['POST /api/v1/users', { name: 'x'.repeat(70_000) }, 413, '65536'],
    ['POST /api/v1/projects', { name: 'A' }, 400, 'project'],
    ['POST /api/v1/projects', { name: 'x', createdBy: 'user:bob' }, 400, 'createdBy'],
    ['PATCH /api/v1/projects/demo', {}, 400, 'public'],
    ['PUT /api/v1/projects/demo/members/bob', { role: 'owner' }, 400, 'role'],
    ['PUT /api/v1/projects/demo/members/nobody', { role: 'viewer' }, 404, 'nobody'],
    ['POST /api/v1/projects/demo/accounts', { name: 'x', role: 'admin', project: 'other' }, 400, 'project'],
    ['POST /api/v1/user/tokens', { name: 'x', expiresInDays: 0 }, 400, 'expiresInDays'],
    ['GET /api/v1/users?n=-1', undefined, 400, 'n'],
    ['GET /api/v1/users?last=%00', undefined, 400, 'last'],
    ['GET /api/v1/projects/%00', undefined, 404, 'project'],
    ['DELETE /api/v1/user/tokens/%00', undefined, 404, 'token'],
    ['DELETE /api/v1/users/%00', undefined, 404, 'user'],
    ['DELETE /api/v1/users/root', undefined, 409, 'administrator'],
  ]
  it.each(cases)('%s %j', async (line, body, status, word) => {
    const got = await call('root', line, body)
    expect(got.status).toBe(status)
    expect(failure.parse(got.body).errors[0].message).toContain(word)
  })

  it('takes no field that is said twice, and nothing but UTF-8', async () => {
    const send = async (body: string | Uint8Array<ArrayBuffer>) => {
      const headers = { authorization: basicOf('root'), 'content-type': 'application/json' }
      const response = await fetch(`${origin}/api/v1/projects`, { method: 'POST', headers, body })
      return [response.status, failure.parse(await response.json()).errors[0].message]
    }
    expect(await send('{"name":"x","public":false,"public":true}')).toEqual([
      400,
      "field 'public' stands twice in one object; say it once",
    ])
    expect(await send(Buffer.from('{"name":"caf\xe9"}', 'latin1'))).toEqual([
      400,
      'the body is not JSON, which is UTF-8',
    ])
  })

  it('takes JSON alone', async () => {
    const response = await fetch(`${origin}/api/v1/projects`, {
      method: 'POST',
      headers: { authorization: basicOf('root') },
      body: '{"name":"x"}',
    })
    expect(response.status).toBe(415)
  })
})

describe('keys', () => {
  it('are rotated by administrators', async () => {
    const before = (await auth.signingKeys.current()).kid
    expect((await call('alice', 'POST /api/v1/keys/rotate')).status).toBe(403)
    const rotated = await call('root', 'POST /api/v1/keys/rotate')
    expect(rotated.status).toBe(200)
    expect(rotated.body['kid']).not.toBe(before)
    expect(await auth.signingKeys.published()).toHaveLength(2)
    await call('root', 'POST /api/v1/keys/rotate', { revoke: true })
    expect(await auth.signingKeys.published()).toHaveLength(1)
  })
})
