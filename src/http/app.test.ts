import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { NoSpace, StoreDamaged } from '../../storage/store-errors.ts'
import type { AccessControl, Decision } from '../auth/access-control.ts'
import { ANONYMOUS, accountOf, type Caller } from '../auth/identity.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { createApp } from './app.ts'
import { type Exchange, type Handler, json } from './exchange.ts'
import { ReadOnlySwitch } from './read-only.ts'
import type { Right, Route } from './route.ts'

let server: Server
let port = 0
let handle: Handler
let decision: Decision
let authenticated: () => Promise<Caller>
let switched: { readOnly: boolean; reason?: string } | undefined
let log: string[]
let counted: [endpoint: string, status: number][]

const route = (method: Route['method'], path: string, right: Right): Route => ({
  operationId: `${method} ${path}`,
  method,
  path,
  right,
  handle: (exchange) => handle(exchange),
})

const access: AccessControl = {
  check: () => Promise.resolve(decision),
  checkProject: () => Promise.resolve(decision),
  checkRegistry: () => Promise.resolve(decision),
  mayMount: () => Promise.resolve(false),
  accountMayPush: () => Promise.resolve(false),
  grant: () => Promise.resolve([]),
}

beforeEach(async () => {
  handle = () => Promise.resolve(json(200, { ok: true }))
  decision = { outcome: 'allowed', identity: { kind: 'anonymous' }, isPublic: true }
  authenticated = () => Promise.resolve(ANONYMOUS)
  switched = undefined
  const setting = { read: () => Promise.resolve(switched), write: () => Promise.resolve() }
  log = []
  counted = []
  const app = createApp({
    publicUrl: 'https://r.example',
    trustedProxies: undefined,
    routes: [
      route('GET', '/v2/', 'ping'),
      route('GET', '/v2/{name}/blobs/{digest}', 'pull'),
      route('PUT', '/v2/{name}/manifests/{reference}', 'push'),
      route('GET', '/open', 'anyone'),
      route('GET', '/api/v1/thing', 'anyone'),
      route('DELETE', '/api/v1/thing', 'anyone'),
    ],
    authenticate: () => authenticated(),
    sessions: { find: (cookie) => Promise.resolve(cookie === 'good' ? SIGNED_IN : undefined) },
    access,
    readOnly: new ReadOnlySwitch({ configured: false, setting, now: Date.now }),
    log: pino({}, { write: (line) => void log.push(line) }),
    meter: {
      began: () => undefined,
      ended: (endpoint, answered) => void counted.push([endpoint, answered.status]),
    },
  })
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether the whole body came. */
  readonly complete: boolean
}

/** Fails when no answer comes at all; a body that is cut short is told in `complete`. */
function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (bytes: Buffer) => (text += bytes.toString()))
      response.on('error', () => undefined)
      response.on('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          complete: response.complete,
        }),
      )
    })
    sent.on('error', reject).end()
  })
}

const errors = z.object({
  errors: z.array(
    z.object({ code: z.string(), message: z.string(), detail: z.object({ requestId: z.string() }) }),
  ),
})

async function failure(method: string, path: string) {
  const got = await ask(method, path)
  expect(got.headers['content-type']).toBe('application/json')
  const [first] = errors.parse(JSON.parse(got.text)).errors
  expect(first?.detail.requestId).toBe(got.headers['x-request-id'])
  return { status: got.status, code: first?.code, message: first?.message, headers: got.headers }
}

const SIGNED_IN: Caller = { ...ANONYMOUS, identity: { kind: 'user', name: 'alice', administrator: false } }
const COOKIE = { cookie: 'theme=dark; __Host-lamina=good' }

it('counts each request once, by endpoint and status', async () => {
  await ask('GET', '/v2/team/app/blobs/sha256:00')
  await ask('HEAD', '/api/v1/thing')
  await ask('GET', '/nowhere')
  handle = () => Promise.reject(new RegistryError('BLOB_UNKNOWN', { message: 'not here' }))
  await ask('GET', '/v2/team/app/blobs/sha256:00')
  expect(counted).toEqual([
    ['GET /v2/{name}/blobs/{digest}', 200],
    ['api', 200],
    ['none', 404],
    ['GET /v2/{name}/blobs/{digest}', 404],
  ])
})

describe('a browser that is signed in', () => {
  const who = async (method: string, path: string, headers: Record<string, string>) => {
    let caller: Caller | undefined
    handle = (exchange) => {
      caller = exchange.caller
      return Promise.resolve(json(200, {}))
    }
    const { status } = await ask(method, path, headers)
    return caller === undefined ? status : accountOf(caller.identity)
  }

  it('is known on /api/v1 by its cookie, and nowhere else', async () => {
    expect(await who('GET', '/api/v1/thing', COOKIE)).toBe('user:alice')
    expect(await who('GET', '/open', COOKIE)).toBe('')
    expect(await who('GET', BLOB, COOKIE)).toBe('')
    expect(await who('GET', '/api/v1/thing', { cookie: '__Host-lamina=old' })).toBe('')
    expect(await who('GET', '/api/v1/thing', { cookie: 'lamina=good' })).toBe('')
  })

  it('changes nothing on the word of another site', async () => {
    const write = (headers: Record<string, string>) =>
      who('DELETE', '/api/v1/thing', { ...COOKIE, ...headers })
    for (const own of [{ 'sec-fetch-site': 'same-origin' }, { origin: 'https://r.example' }])
      expect(await write(own)).toBe('user:alice')
    const others = [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'https://r.example.evil' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://r.example' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const other of others) expect(await write(other)).toBe(403)
  })

  it('is no matter for programs, which send no such header or one that says who they are', async () => {
    expect(await who('DELETE', '/api/v1/thing', {})).toBe('')
    expect(await who('DELETE', '/api/v1/thing', { origin: 'https://evil.example' })).toBe(403)
    authenticated = () => Promise.resolve(SIGNED_IN)
    const own = { authorization: 'Basic x', origin: 'https://evil.example' }
    expect(await who('DELETE', '/api/v1/thing', own)).toBe('user:alice')
  })
})

const BLOB = '/v2/team/app/blobs/sha256:x'

describe('every answer', () => {
  it('carries the version of the protocol under /v2/, and only there', async () => {
    for (const path of ['/v2', '/v2/', BLOB, '/v2/nothing/here'])
      expect((await ask('GET', path)).headers['docker-distribution-api-version']).toBe('registry/2.0')
    for (const path of ['/open', '/v2x', '/'])
      expect((await ask('GET', path)).headers['docker-distribution-api-version']).toBeUndefined()
  })

  it('has a request id: the one that was sent if it is harmless, else a new one', async () => {
    expect((await ask('GET', '/open', { 'x-request-id': 'abcd-1234' })).headers['x-request-id']).toBe(
      'abcd-1234',
    )
    for (const bad of ['short', 'x'.repeat(65), 'with space in it', '<script>alert'])
      expect((await ask('GET', '/open', { 'x-request-id': bad })).headers['x-request-id']).toMatch(
        /^[0-9a-f-]{36}$/,
      )
  })

  it('is exactly what the handler gave: type without charset, exact length, no reason phrase as a body', async () => {
    const got = await ask('GET', '/open')
    expect(got).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect(got.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '11',
      'x-content-type-options': 'nosniff',
    })
    handle = () => Promise.resolve({ status: 202 })
    expect(await ask('GET', '/open')).toMatchObject({
      status: 202,
      text: '',
      headers: { 'content-length': '0' },
    })
    handle = () => Promise.resolve({ status: 204 })
    const empty = await ask('GET', '/open')
    expect([empty.status, empty.text, empty.headers['content-length']]).toEqual([204, '', undefined])
  })

  it('to HEAD has the headers of GET and no body', async () => {
    const head = await ask('HEAD', '/open')
    expect(head).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '11', 'content-type': 'application/json' },
    })
    let pumped = false
    handle = () =>
      Promise.resolve({
        status: 200,
        headers: { 'content-length': '5' },
        body: (write) => {
          pumped = true
          return write(Buffer.from('12345'))
        },
      })
    expect(await ask('HEAD', BLOB)).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '5' },
    })
    expect(pumped).toBe(false)
    expect(await ask('GET', BLOB)).toMatchObject({ text: '12345', complete: true })
    handle = () => Promise.reject(new RegistryError('BLOB_UNKNOWN'))
    expect(await ask('HEAD', BLOB)).toMatchObject({ status: 404, text: '' })
  })

  it('leaves one line in the log, without headers and query', async () => {
    handle = (exchange) => {
      exchange.note({ digest: 'sha256:x' })
      return Promise.resolve({ status: 200, body: '12345' })
    }
    const got = await ask('GET', `${BLOB}?secret=1`, {
      authorization: 'Bearer secret',
      'user-agent': 'test/1',
    })
    expect(log).toHaveLength(1)
    expect(log[0]).not.toContain('secret')
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      requestId: got.headers['x-request-id'],
      method: 'GET',
      path: BLOB,
      status: 200,
      bytesOut: 5,
      agent: 'test/1',
      digest: 'sha256:x',
      project: 'team',
    })
  })
})

describe('a handler', () => {
  it('gets what the path, the query and the connection say', async () => {
    let seen: Exchange | undefined
    handle = (exchange) => {
      seen = exchange
      return Promise.resolve({ status: 200 })
    }
    await ask('GET', '/v2/team/app/blobs/sha256%3Ax?n=1&n=2&from=a%2Fb')
    expect(seen).toMatchObject({
      params: { name: 'team/app', digest: 'sha256:x' },
      origin: 'https://r.example',
      method: 'GET',
      isPublic: true,
    })
    expect(seen?.query.getAll('n')).toEqual(['1', '2'])
    expect(seen?.query.get('from')).toBe('a/b')
    await ask('HEAD', BLOB)
    expect(seen?.method).toBe('HEAD')
  })

  it('is not asked when nothing is there, the method is another, or the caller may not', async () => {
    handle = () => Promise.reject(new Error('must not be asked'))
    expect(await failure('GET', '/v2/nothing')).toMatchObject({ status: 404, code: 'UNSUPPORTED' })
    const other = await failure('POST', BLOB)
    expect(other).toMatchObject({ status: 405, code: 'UNSUPPORTED', headers: { allow: 'GET, HEAD' } })
    decision = { outcome: 'unauthenticated', reason: 'log in' }
    const challenge =
      'Bearer realm="https://r.example/token",service="lamina",scope="repository:team/app:pull"'
    expect(await failure('GET', BLOB)).toMatchObject({
      status: 401,
      code: 'UNAUTHORIZED',
      headers: { 'www-authenticate': challenge },
    })
    expect(log.join('')).not.toContain('must not be asked')
  })

  it('is not asked to write while the registry is read-only; who may not write learns that first', async () => {
    switched = { readOnly: true, reason: 'moving' }
    expect(await failure('PUT', '/v2/a/manifests/x')).toMatchObject({
      status: 503,
      code: 'UNAVAILABLE',
      headers: { 'retry-after': '60' },
    })
    expect((await ask('GET', BLOB)).status).toBe(200)
    decision = { outcome: 'denied', reason: 'no' }
    expect(await failure('PUT', '/v2/a/manifests/x')).toMatchObject({ status: 401 })
  })

  it('wrong credentials get the challenge of the route, and never become anonymous', async () => {
    authenticated = () =>
      Promise.reject(
        new RegistryError('UNAUTHORIZED', { message: 'bad', detail: { error: 'invalid_token' } }),
      )
    const got = await failure('GET', BLOB)
    expect(got).toMatchObject({ status: 401, message: 'bad' })
    expect(got.headers['www-authenticate']).toBe(
      'Bearer realm="https://r.example/token",service="lamina",scope="repository:team/app:pull",error="invalid_token"',
    )
    authenticated = () => Promise.reject(new RegistryError('TOOMANYREQUESTS'))
    expect(await failure('GET', BLOB)).toMatchObject({ status: 429 })
  })
})

describe('a failure', () => {
  it.each([
    [new RegistryError('NAME_UNKNOWN', { message: 'no such name' }), 404, 'NAME_UNKNOWN'],
    [new RegistryError('RANGE_INVALID'), 416, 'RANGE_INVALID'],
    [new NoSpace('disk'), 507, 'STORAGE_FULL'],
    [new StoreDamaged('/secret'), 500, 'UNKNOWN'],
    [new TypeError('secret'), 500, 'UNKNOWN'],
  ])('%s is answered', async (error, status, code) => {
    handle = async () => {
      throw error
    }
    const got = await failure('GET', BLOB)
    expect(got).toMatchObject({ status, code })
    expect(got.message).not.toContain('secret')
    // What went wrong inside is in the log, and only what went wrong inside.
    expect(log.some((line) => line.includes('"level":50'))).toBe(status >= 500)
  })

  it('before the first byte of a body is an ordinary error, without the headers of the body', async () => {
    const headers = {
      'content-length': '1000',
      'content-type': 'application/octet-stream',
      'content-range': 'bytes 0-999/1000',
      etag: '"x"',
      'docker-content-digest': 'sha256:x',
      'cache-control': 'public, max-age=31536000, immutable',
    }
    handle = () =>
      Promise.resolve({ status: 206, headers, body: () => Promise.reject(new StoreDamaged('gone')) })
    const got = await failure('GET', BLOB)
    expect(got).toMatchObject({ status: 500, code: 'UNKNOWN' })
    for (const name of ['content-range', 'etag', 'docker-content-digest', 'cache-control'])
      expect(got.headers[name]).toBeUndefined()
  })

  it('after the first byte cuts the connection: a short body never looks whole', async () => {
    handle = () =>
      Promise.resolve({
        status: 200,
        headers: { 'content-length': '10' },
        body: async (write) => {
          await write(Buffer.from('12345'))
          throw new StoreDamaged('gone')
        },
      })
    expect(await ask('GET', BLOB)).toMatchObject({ status: 200, text: '12345', complete: false })
    expect(log.some((line) => line.includes('"aborted":true'))).toBe(true)
  })

  it('of a client that hangs up stops the pump, and is no error', async () => {
    const stopped = Promise.withResolvers<unknown>()
    handle = () =>
      Promise.resolve({
        status: 200,
        headers: { 'content-length': String(2 ** 40) },
        body: async (write) => {
          try {
            for (;;) await write(Buffer.alloc(256 * 1024))
          } catch (error) {
            stopped.resolve(error)
            throw error
          }
        },
      })
    const sent = httpRequest({ port, path: BLOB, agent: false }, (response) => {
      response.once('data', () => sent.destroy())
      response.on('error', () => undefined)
    })
    sent.on('error', () => undefined).end()
    expect(await stopped.promise).toMatchObject({ name: 'ClientGone' })
    await expect.poll(() => log.length).toBe(1)
    expect(JSON.parse(log[0] ?? '')).toMatchObject({ level: 30, aborted: true })
  })

  it('a client that is slow gets each chunk as it was when it was written', async () => {
    handle = () =>
      Promise.resolve({
        status: 200,
        headers: { 'content-length': String(40 * 65_536) },
        body: async (write) => {
          // One buffer for all, as the pool hands them out.
          const buffer = Buffer.alloc(65_536)
          for (let at = 0; at < 40; at++) {
            buffer.fill(65 + (at % 26))
            await write(buffer)
          }
        },
      })
    const got = await ask('GET', BLOB)
    const expected = Array.from({ length: 40 }, (_, at) =>
      String.fromCharCode(65 + (at % 26)).repeat(65_536),
    ).join('')
    expect(got.text === expected).toBe(true)
  })
})
