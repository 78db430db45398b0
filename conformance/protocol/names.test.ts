import { describe, expect, test } from 'vitest'
import { image } from './support/images.ts'
import { textAt } from './support/json.ts'
import { locationOf, pushImage } from './support/push.ts'
import { askRaw } from './support/raw.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§0: names of repositories. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const ZERO = `sha256:${'0'.repeat(64)}`

// "Route from the RIGHT: a name may itself contain components blobs, manifests, tags, uploads, referrers."
const ROUND_TRIP_NAMES = [
  'alpine',
  '0',
  'a/b/c/d/e/f',
  'a.b/c_d/e__f/g---h',
  'blobs/uploads',
  'manifests/blobs/uploads',
  'tags/list',
  'x/tags/list/manifests/latest',
  'referrers/manifests/tags/blobs/uploads',
  'v2/blobs/sha256',
  'token',
  `long/${'n'.repeat(180)}`,
]

describe.each(ROUND_TRIP_NAMES)('a repository named %s', (name) => {
  const made = image(`names/${name}`)

  test('takes an image and gives it back through every endpoint', async () => {
    const pushed = await pushImage(client(), name, made, 'latest')
    expect(locationOf(pushed)).toMatch(new RegExp(`^/v2/${name}/manifests/`))
    expect((await client().get(`/v2/${name}/manifests/latest`)).body).toEqual(made.bytes)
    for (const each of made.blobs)
      expect((await client().get(`/v2/${name}/blobs/${each.digest}`)).body).toEqual(each.bytes)
    expect((await client().get(`/v2/${name}/tags/list`)).json).toEqual({ name, tags: ['latest'] })
    expect((await client().get(`/v2/${name}/referrers/${made.digest}`)).status).toBe(200)
    expect((await client().delete(`/v2/${name}/manifests/latest`)).status).toBe(202)
  })
})

// "Name: slash-joined components of lower-case alphanumerics, inner separators one dot, one or two
// underscores, or any run of dashes. […] Bad name → 400 NAME_INVALID."
const BAD_NAMES = [
  'Upper/case',
  'a//b',
  'a/.b',
  'a./b',
  'a..b',
  'a___b',
  'a._b',
  '-a',
  'a-',
  'a b',
  'ünïcode',
  'a%00b',
  'a\\b',
  'a:b',
  'a@b',
  `too/${'l'.repeat(300)}`,
]

const BAD_NAME_ENDPOINTS: readonly (readonly [string, string])[] = [
  ['GET', `blobs/${ZERO}`],
  ['HEAD', `blobs/${ZERO}`],
  ['GET', 'manifests/latest'],
  ['PUT', 'manifests/latest'],
  ['DELETE', 'manifests/latest'],
  ['POST', 'blobs/uploads/'],
  ['PATCH', 'blobs/uploads/00000000-0000-4000-8000-000000000000'],
  ['GET', 'tags/list'],
  ['GET', `referrers/${ZERO}`],
]

describe.each(BAD_NAMES)('the bad name %s', (name) => {
  const escaped = name.replaceAll(/[^\w./:@%-]/gu, encodeURIComponent)

  test.each(BAD_NAME_ENDPOINTS)('is refused by %s …/%s', async (method, tail) => {
    const reply = await client().ask({ method, path: `/v2/${escaped}/${tail}` })
    expect(reply.status, reply.text).toBe(400)
    if (method !== 'HEAD') expect(textAt(reply.json, 'errors', 0, 'code')).toBe('NAME_INVALID')
  })
})

describe('paths that try to leave their place', () => {
  // Raw: a polite client would resolve the dots before it asks.
  test.each([
    '/v2/../../../../etc/passwd/tags/list',
    '/v2/a/../b/tags/list',
    '/v2/a/./b/manifests/latest',
    '/v2/%2e%2e/%2e%2e/tags/list',
    '/v2/a%2Fb%2F..%2Fc/tags/list',
    '/v2/a/manifests/..%2f..%2fsecret',
    '/v2/a/blobs/sha256:..%2f..%2f..%2fetc%2fpasswd',
    '/v2/a/blobs/uploads/..%2f..%2fx',
    '/v2/a/blobs/%ff%fe',
    '/v2/a/manifests/%',
    '//v2/a/tags/list',
    '/v2//tags/list',
  ])('%s is nothing', async (path) => {
    const reply = await askRaw(lamina.now.url, `GET ${path} HTTP/1.1`)
    expect([400, 404], reply.text).toContain(reply.status)
    expect(textAt(reply.json, 'errors', 0, 'code')).not.toBe('UNKNOWN')
  })
})
