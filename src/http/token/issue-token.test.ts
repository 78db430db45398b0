import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { createAuth } from '../../auth/create-auth.ts'
import { cheapPasswords } from '../../auth/passwords-fixture.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { createAccounts } from '../../projects/accounts.ts'
import { createMembers } from '../../projects/members.ts'
import { createProjects } from '../../projects/projects.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { tokenRoutes } from './routes.ts'

let metadata: MetadataStore
let auth: ReturnType<typeof createAuth>
let routes: ReturnType<typeof tokenRoutes>

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
  routes = tokenRoutes({ ...auth, addressOf: () => '192.0.2.1', now })
  for (const name of ['alice', 'bob'])
    await auth.users.create({ name, password: `password of ${name}`, administrator: false })
  const accounts = createAccounts({ metadata, secrets: auth.credentials, now })
  const projects = createProjects({ metadata, accounts, now })
  await projects.create({ name: 'demo', public: false, account: 'user:alice' })
  await projects.create({ name: 'open', public: true, account: 'user:alice' })
  await projects.create({ name: 'hidden', public: false, account: 'user:alice' })
  await createMembers({ metadata, now }).put('demo', 'bob', 'viewer')
})

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly authorization?: string
  readonly type?: string
  readonly body?: readonly (string | Buffer)[]
}

async function send(sent: Sent): Promise<Reply> {
  const { method = 'GET', path = '/token', query = '', authorization } = sent
  const request = new IncomingMessage(new Socket())
  request.headers = { 'content-type': sent.type ?? 'application/x-www-form-urlencoded' }
  for (const chunk of sent.body ?? []) request.push(Buffer.from(chunk))
  request.push(null)
  const exchange: Exchange = {
    request,
    method,
    params: {},
    query: new URLSearchParams(query),
    caller: await auth.authenticate(authorization, '192.0.2.1'),
    isPublic: false,
    address: '::1',
    requestId: '1',
    origin: 'http://localhost',
    note: () => undefined,
  }
  const route = routes.find((row) => row.path === path && row.method === (method === 'HEAD' ? 'GET' : method))
  if (route === undefined) throw new Error(`no route ${method} ${path}`)
  return route.handle(exchange)
}

/** Strict: no `issued_at`, which a wrong clock would turn against clients. */
const answer = z.strictObject({
  token: z.string(),
  access_token: z.string(),
  expires_in: z.number(),
  scope: z.string().optional(),
  refresh_token: z.string().optional(),
  token_type: z.literal('Bearer').optional(),
})

async function ask(sent: Sent) {
  const reply = await send(sent)
  expect(reply.status).toBe(200)
  expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
  if (typeof reply.body !== 'string') throw new Error('no body')
  const body = answer.parse(JSON.parse(reply.body))
  expect(body.access_token).toBe(body.token)
  const claims = z
    .object({
      sub: z.string(),
      access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
    })
    .parse(decodeJwt(body.token))
  return {
    ...body,
    refresh: body.refresh_token ?? 'none',
    sub: claims.sub,
    granted: claims.access.map((one) => `${one.name}:${one.actions.join(',')}`),
  }
}

function basic(name: string, password = `password of ${name}`): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

function post(fields: Readonly<Record<string, string>>, more: Sent = {}): Sent {
  return { method: 'POST', body: [new URLSearchParams(fields).toString()], ...more }
}

const ALICE = { grant_type: 'password', username: 'alice', password: 'password of alice' }

describe('GET', () => {
  it('without scope is a login: a token for nothing', async () => {
    const body = await ask({ authorization: basic('alice') })
    expect(body).toMatchObject({ sub: 'user:alice', granted: [], expires_in: 300, refresh: 'none' })
  })

  it('grants the intersection', async () => {
    const scopes: [string, string, string[]][] = [
      ['alice', 'scope=repository:demo/app:push,pull', ['demo/app:pull,push']],
      ['alice', 'scope=repository:demo/app:*', ['demo/app:pull,push,delete']],
      ['bob', 'scope=repository:demo/app:push,pull', ['demo/app:pull']],
      ['bob', 'scope=repository:demo/app:push', []],
      ['bob', 'scope=repository:hidden/app:pull', []],
      ['bob', 'scope=repository:hidden/app:pull,push', []],
      ['bob', 'scope=repository:absent/app:pull', ['absent/app:pull']],
      ['bob', 'scope=repository(plugin):demo/app:pull', ['demo/app:pull']],
      ['bob', 'scope=repository:demo/a:pull%20repository:open/b:pull', ['demo/a:pull', 'open/b:pull']],
      ['bob', 'scope=repository:demo/a:pull&scope=repository:open/b:pull', ['demo/a:pull', 'open/b:pull']],
      ['bob', 'scope=registry:catalog:*', ['catalog:*']],
      ['bob', 'scope=aquarium:fish:feed&scope=&scope=::&service=other&account=x&client_id=y', []],
    ]
    for (const [name, query, granted] of scopes)
      expect(await ask({ query, authorization: basic(name) })).toMatchObject({ sub: `user:${name}`, granted })
  })

  it('gives anonymous callers public pulls', async () => {
    const query =
      'scope=repository:open/a:pull,push repository:demo/a:pull registry:catalog:*&offline_token=true'
    expect(await ask({ query })).toMatchObject({
      sub: '',
      granted: ['open/a:pull'],
      refresh: 'none',
    })
  })

  it('is also /v2/token', async () => {
    expect(await ask({ path: '/v2/token', authorization: basic('bob') })).toMatchObject({ sub: 'user:bob' })
  })

  it('gives no token for a token', async () => {
    const { token } = await ask({ authorization: basic('alice') })
    const again = send({ authorization: `Bearer ${token}`, query: 'scope=repository:demo/a:push' })
    await expect(again).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('stays small for hundreds of scopes', async () => {
    const query = Array.from(
      { length: 400 },
      (_, index) => `scope=repository:demo/${'x'.repeat(100)}${index}:pull`,
    )
    const body = await ask({ query: query.join('&'), authorization: basic('alice') })
    expect(body.token.length).toBeLessThan(16 * 1024)
    expect(body.granted.length).toBeGreaterThan(20)
    expect(await auth.tokens.verify(body.token)).toMatchObject({ expired: false })
  })
})

describe('POST', () => {
  it('takes a password', async () => {
    const body = await ask(post({ ...ALICE, scope: 'repository:demo/app:push,pull repository:open/b:pull' }))
    expect(body).toMatchObject({
      sub: 'user:alice',
      scope: 'repository:demo/app:pull,push repository:open/b:pull',
    })
  })

  it('takes chunks, a charset and repeated scopes', async () => {
    const text = `${new URLSearchParams(ALICE).toString()}&scope=repository:demo/a:pull&scope=repository:demo/b:pull`
    const body = await ask({
      method: 'POST',
      path: '/v2/token',
      type: 'application/x-www-form-urlencoded; charset=utf-8',
      body: [text.slice(0, 10), text.slice(10, 50), text.slice(50)],
    })
    expect(body.granted).toEqual(['demo/a:pull', 'demo/b:pull'])
  })

  const wrong: [string, Sent, number][] = [
    ['a wrong password', post({ ...ALICE, password: 'x' }), 401],
    ['no password', post({ grant_type: 'password' }), 401],
    ['a wrong refresh token', post({ grant_type: 'refresh_token', refresh_token: 'x' }), 401],
    ['no refresh token', post({ grant_type: 'refresh_token' }), 401],
    ['another grant', post({ grant_type: 'authorization_code' }), 400],
    ['no grant', { method: 'POST' }, 400],
    ['JSON', post(ALICE, { type: 'application/json' }), 400],
    ['more than 64 KiB', { method: 'POST', body: Array.from({ length: 5 }, () => 'x'.repeat(16_000)) }, 413],
  ]
  it.each(wrong)('refuses %s', async (_, sent, status) => {
    const failure: unknown = await send(sent).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RegistryError)
    expect(failure).toMatchObject({ status })
  })

  it('counts failures, whichever way they come', async () => {
    const failures: unknown[] = []
    for (let index = 0; index < 12; index++) {
      const sent =
        index % 2 === 0 ? post({ ...ALICE, password: 'x' }) : { authorization: basic('alice', 'x') }
      failures.push(await send(sent).catch((error: unknown) => error))
    }
    expect(failures.at(0)).toMatchObject({ status: 401 })
    expect(failures.at(-1)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    expect(await ask(post({ ...ALICE, username: 'bob', password: 'password of bob' }))).toMatchObject({
      sub: 'user:bob',
    })
  })
})

describe('refresh tokens', () => {
  const offline: [string, Sent][] = [
    ['GET', { query: 'offline_token=true&client_id=docker&service=lamina', authorization: basic('alice') }],
    ['POST', post({ ...ALICE, access_type: 'offline', client_id: 'docker' })],
  ]
  it.each(offline)('are given by %s and used by POST', async (_, sent) => {
    const { refresh_token = '' } = await ask(sent)
    const body = await ask(
      post({ grant_type: 'refresh_token', refresh_token, scope: 'repository:demo/a:push' }),
    )
    expect(body).toMatchObject({ sub: 'user:alice', granted: ['demo/a:push'], refresh: 'none' })
    expect(await auth.credentials.list('user:alice')).toMatchObject([
      { kind: 'refresh', name: 'login of docker' },
    ])
    const [login] = await auth.credentials.list('user:alice')
    await auth.credentials.revoke('user:alice', login?.id ?? '')
    const later = send(post({ grant_type: 'refresh_token', refresh_token }))
    await expect(later).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('are not made by HEAD, nor unasked', async () => {
    await send({ method: 'HEAD', query: 'offline_token=true', authorization: basic('alice') })
    await ask({ query: 'offline_token=false', authorization: basic('alice') })
    expect(await auth.credentials.list('user:alice')).toEqual([])
  })

  it('are not made for what can be revoked as it is: a kubelet reads that in docker’s file, and nothing else', async () => {
    const made = { kind: 'personal', owner: 'user:alice', name: 'laptop' } as const
    const { secret } = await auth.credentials.create(made)
    const sent: Sent[] = [
      { query: 'offline_token=true&client_id=docker', authorization: basic('alice', secret) },
      post({ ...ALICE, password: secret, access_type: 'offline', client_id: 'docker' }),
    ]
    for (const one of sent) expect(await ask(one)).toMatchObject({ sub: 'user:alice', refresh: 'none' })
    expect(await auth.credentials.list('user:alice')).toMatchObject([{ kind: 'personal', name: 'laptop' }])
  })

  it('missing for want of room are no failure', async () => {
    const broken = { ...auth.credentials, create: () => Promise.reject(new Error('disk full')) }
    routes = tokenRoutes({ ...auth, credentials: broken, addressOf: () => '', now: Date.now })
    const body = await ask({ query: 'offline_token=true', authorization: basic('alice') })
    expect(body).toMatchObject({ sub: 'user:alice', refresh: 'none' })
  })
})

describe('JWKS', () => {
  it('lets others verify our tokens', async () => {
    const { token } = await ask({ authorization: basic('alice') })
    const reply = await send({ path: '/.well-known/jwks.json' })
    if (typeof reply.body !== 'string') throw new Error('no body')
    const jwk = z.object({
      kty: z.string(),
      kid: z.string(),
      crv: z.string(),
      x: z.string(),
      y: z.string(),
      alg: z.string(),
    })
    const set = createLocalJWKSet(z.object({ keys: z.array(jwk) }).parse(JSON.parse(reply.body)))
    const { payload } = await jwtVerify(token, set, { issuer: 'lamina', audience: 'lamina', typ: 'JWT' })
    expect(payload.sub).toBe('user:alice')
  })
})
