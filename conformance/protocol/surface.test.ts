import { beforeAll, describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { blob, image } from './support/images.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'

/** P§0: what every endpoint owes, and what is under /v2/ without being one. */
const lamina = useServer({ LAMINA_AUTH: 'off' })
const client = () => lamina.now.client
const ZERO = `sha256:${'0'.repeat(64)}`
const NAME = 'surface/app'
const IMAGE = image('surface')

beforeAll(async () => {
  await pushImage(client(), NAME, IMAGE, 'v1')
})

const EDGES: readonly Exchange[] = [
  // "Accept `/v2` and `/v2/` […] without redirecting"
  {
    name: 'GET /v2/ is 200 {}',
    send: { path: '/v2/' },
    expect: { status: 200, json: {}, headers: { 'content-type': /^application\/json/ } },
  },
  { name: 'GET /v2 is 200 {}', send: { path: '/v2' }, expect: { status: 200, json: {} } },
  { name: 'HEAD /v2/ is 200', send: { method: 'HEAD', path: '/v2/' }, expect: { status: 200 } },
  {
    name: 'POST blobs/uploads without the slash is not redirected',
    send: { method: 'POST', path: '/v2/edges/blobs/uploads', body: '' },
    expect: { status: 202 },
  },
  // "A leading underscore component is never a name: it is extension space"
  { name: 'an unknown extension is 404', send: { path: '/v2/_oci/ext/discover' }, expect: { status: 404 } },
  {
    name: 'an unknown extension of a repository is 404',
    send: { path: '/v2/edges/_ext/search' },
    expect: { status: 404 },
  },
  {
    name: 'a component that begins with an underscore is no name',
    send: { path: '/v2/edges/_b/tags/list' },
    expect: { status: [400, 404] },
  },
  {
    name: 'a path with no endpoint at its end is 404',
    send: { path: '/v2/edges/app' },
    expect: { status: 404 },
  },
  // "Web-UI fallback routes must not answer 200 HTML under /v1, /v2, /extensions or the token path"
  ...['/v1/search?q=x', '/v1/_ping', '/extensions', '/v2/edges/nothing/here'].map(
    (path): Exchange => ({
      name: `${path} is a JSON 404`,
      send: { path },
      expect: { status: 404, headers: { 'content-type': /^application\/json/ } },
    }),
  ),
  // "Unknown query parameters are ignored (`ns`, `origin`, `_state`, `account`)."
  ...[
    '/v2/?ns=docker.io',
    `/v2/${NAME}/manifests/v1?ns=docker.io&origin=x&_state=abc&account=me`,
    `/v2/${NAME}/blobs/${IMAGE.blobs[1]?.digest}?ns=docker.io&ns=quay.io`,
    `/v2/${NAME}/tags/list?ns=docker.io&_state=%00&x[y]=1&__proto__=1`,
    `/v2/${NAME}/referrers/${IMAGE.digest}?ns=docker.io&foo=1&foo=2`,
  ].map(
    (path): Exchange => ({
      name: `unknown parameters are ignored: ${path.slice(0, 60)}`,
      send: { path },
      expect: { status: 200 },
    }),
  ),
  // A method that an endpoint lacks: 405 UNSUPPORTED, with Allow (RFC 9110 15.5.6).
  ...[
    ['POST', `/v2/${NAME}/tags/list`],
    ['PUT', `/v2/${NAME}/tags/list`],
    ['DELETE', `/v2/${NAME}/referrers/${ZERO}`],
    ['PATCH', `/v2/${NAME}/manifests/v1`],
    ['POST', `/v2/${NAME}/manifests/v1`],
    ['PUT', `/v2/${NAME}/blobs/${ZERO}`],
    ['DELETE', '/v2/_catalog'],
    ['POST', '/v2/'],
  ].map(
    ([method = '', path = '']): Exchange => ({
      name: `${method} ${path.slice(0, 40)} is 405`,
      send: { method, path },
      expect: { status: 405, code: 'UNSUPPORTED' },
    }),
  ),
  { name: '/healthz is 200', send: { path: '/healthz' }, expect: { status: 200 } },
  { name: '/readyz is 200', send: { path: '/readyz' }, expect: { status: 200 } },
]

describe('the edges of the surface', () => play(EDGES, client))

test('tokens of a user whom the operator names and who is not there are not listed, nor made', async () => {
  const path = '/api/v1/user/tokens?user=nobody'
  check(await client().get(path), { status: 404, code: 'NAME_UNKNOWN' })
  check(await client().sendJson('POST', path, { name: 'x' }), { status: 404, code: 'NAME_UNKNOWN' })
  check(await client().get('/api/v1/user/tokens?user=admin'), { status: 200 })
})

describe('HEAD everywhere GET exists', () => {
  const body = blob('names/head', 5000)
  const paths = [
    '/v2/',
    '/v2/_catalog',
    `/v2/${NAME}/blobs/${IMAGE.blobs[1]?.digest}`,
    `/v2/${NAME}/blobs/${body.digest}`,
    `/v2/${NAME}/manifests/v1`,
    `/v2/${NAME}/manifests/${IMAGE.digest}`,
    `/v2/${NAME}/manifests/absent`,
    `/v2/${NAME}/tags/list`,
    `/v2/${NAME}/tags/list?n=bad`,
    `/v2/${NAME}/referrers/${ZERO}`,
    `/v2/${NAME}/referrers/bad`,
    '/v2/names/absent/tags/list',
    '/v2/Bad/tags/list',
  ]
  const changing = new Set(['date', 'connection', 'keep-alive', 'x-request-id', 'content-length'])

  // "HEAD everywhere GET exists, with identical status and headers, no body."
  // "Never compress registry responses, never send `Content-Encoding` on blobs or manifests"
  test.each(paths)('%s', async (path) => {
    const accept = { 'accept-encoding': 'gzip, deflate, br, zstd' }
    const get = await client().get(path, accept)
    const head = await client().head(path, accept)
    expect(head.status).toBe(get.status)
    const stable = (headers: ReadonlyMap<string, readonly string[]>): [string, readonly string[]][] =>
      [...headers].filter(([name]) => !changing.has(name)).sort(([a], [b]) => (a < b ? -1 : 1))
    expect(stable(head.headers)).toEqual(stable(get.headers))
    // The length of an error may differ with the request id; of content never.
    if (get.status === 200) expect(head.header('content-length')).toBe(String(get.body.length))
  })

  test('every answer names its request, and two requests differ', async () => {
    const first = await client().get('/v2/names/absent/tags/list')
    const second = await client().get('/v2/names/absent/tags/list')
    expect(first.header('x-request-id')).toMatch(/\S/)
    expect(first.header('x-request-id')).not.toBe(second.header('x-request-id'))
  })
  // Issue 3, item 7: "request id, one line per request"
  test('the log has one line for a request, with the id that the answer named', async () => {
    const id = (await client().get(`/v2/${NAME}/manifests/v1`)).header('x-request-id') ?? 'none'
    const lines = () => lamina.now.log.filter((line) => line.includes(id))
    await expect.poll(() => lines().length, { timeout: 2000 }).toBe(1)
    expect(lines()[0]).toContain(IMAGE.digest)
  })
})
