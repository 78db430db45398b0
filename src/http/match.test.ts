import { array, assert, constantFrom, property, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMatcher } from './match.ts'
import type { Route } from './route.ts'

function route(method: Route['method'], path: string): Route {
  return {
    operationId: `${method} ${path}`,
    method,
    path,
    right: 'anyone',
    handle: () => Promise.resolve({ status: 200 }),
  }
}

const BLOB = '/v2/{name}/blobs/{digest}'
const UPLOADS = '/v2/{name}/blobs/uploads/'
const UPLOAD = '/v2/{name}/blobs/uploads/{upload}'
const MANIFEST = '/v2/{name}/manifests/{reference}'
const TAGS = '/v2/{name}/tags/list'
const OLD_TAGS = '/registry/images/{name}/tags'
const REFERRERS = '/v2/{name}/referrers/{digest}'

const match = createMatcher([
  route('GET', '/v2/'),
  route('GET', '/v2/_catalog'),
  route('GET', BLOB),
  route('DELETE', BLOB),
  route('POST', UPLOADS),
  route('GET', UPLOAD),
  route('PATCH', UPLOAD),
  route('PUT', UPLOAD),
  route('DELETE', UPLOAD),
  route('GET', MANIFEST),
  route('PUT', MANIFEST),
  route('DELETE', MANIFEST),
  route('GET', TAGS),
  route('GET', REFERRERS),
  route('GET', OLD_TAGS),
  route('GET', '/registry/status'),
  route('GET', '/api/v1/projects/{project}'),
  route('PUT', '/api/v1/projects/{project}'),
  route('GET', '/healthz'),
])

/** Where a path leads, and with what. */
function at(method: string, path: string): unknown {
  const found = match(method, path)
  if (found === undefined) return undefined
  return 'allowed' in found ? found.allowed : [found.route.path, found.params]
}

const D = `sha256:${'a'.repeat(64)}`

describe('createMatcher', () => {
  it.each([
    ['GET', '/v2', ['/v2/', {}]],
    ['GET', '/v2/', ['/v2/', {}]],
    ['GET', '/v2/_catalog', ['/v2/_catalog', {}]],
    ['GET', '/v2/_catalog/', ['/v2/_catalog', {}]],
    ['GET', '/healthz', ['/healthz', {}]],
    ['GET', '/registry/status', ['/registry/status', {}]],
    ['GET', '/registry/images/a/tags', [OLD_TAGS, { name: 'a' }]],
    ['GET', '/registry/images/a/b/tags/tags', [OLD_TAGS, { name: 'a/b/tags' }]],
    ['GET', '/registry/images/tags', undefined],
    ['GET', '/registry/other/a/tags', undefined],
    ['GET', `/v2/a/blobs/${D}`, [BLOB, { name: 'a', digest: D }]],
    ['HEAD', `/v2/a/b/c/blobs/${D}`, [BLOB, { name: 'a/b/c', digest: D }]],
    ['GET', `/v2/a/blobs/sha256%3A${'a'.repeat(64)}`, [BLOB, { name: 'a', digest: D }]],
    ['POST', '/v2/a/blobs/uploads', [UPLOADS, { name: 'a' }]],
    ['POST', '/v2/a/blobs/uploads/', [UPLOADS, { name: 'a' }]],
    ['PATCH', '/v2/a/blobs/uploads/id', [UPLOAD, { name: 'a', upload: 'id' }]],
    ['PUT', '/v2/a/blobs/uploads/id/', [UPLOAD, { name: 'a', upload: 'id' }]],
    ['PUT', '/v2/a/manifests/latest', [MANIFEST, { name: 'a', reference: 'latest' }]],
    ['GET', '/v2/a/tags/list', [TAGS, { name: 'a' }]],
    ['GET', `/v2/a/referrers/${D}`, [REFERRERS, { name: 'a', digest: D }]],
    // Names that hold the words of the routes.
    ['GET', '/v2/blobs/blobs/x', [BLOB, { name: 'blobs', digest: 'x' }]],
    ['GET', `/v2/a/blobs/uploads/blobs/${D}`, [BLOB, { name: 'a/blobs/uploads', digest: D }]],
    ['POST', '/v2/a/blobs/uploads/blobs/uploads/', [UPLOADS, { name: 'a/blobs/uploads' }]],
    ['PATCH', '/v2/uploads/blobs/blobs/uploads/x', [UPLOAD, { name: 'uploads/blobs', upload: 'x' }]],
    ['GET', '/v2/a/manifests/tags/list', [TAGS, { name: 'a/manifests' }]],
    ['GET', '/v2/tags/list/tags/list', [TAGS, { name: 'tags/list' }]],
    ['GET', '/v2/a/tags/manifests/list', [MANIFEST, { name: 'a/tags', reference: 'list' }]],
    ['GET', '/v2/referrers/manifests/manifests', [MANIFEST, { name: 'referrers', reference: 'manifests' }]],
    ['GET', '/v2/_catalog/tags/list', [TAGS, { name: '_catalog' }]],
    // Names are never decoded: another name must not come out of an escape.
    ['GET', '/v2/a%2Fb/tags/list', [TAGS, { name: 'a%2Fb' }]],
    ['GET', '/v2/%61/tags/list', [TAGS, { name: '%61' }]],
    ['GET', '/v2/a/../b/tags/list', [TAGS, { name: 'a/../b' }]],
    ['GET', '/v2//tags/list', [TAGS, { name: '' }]],
    ['GET', '/v2/a//tags/list', [TAGS, { name: 'a/' }]],
    // Parameters are decoded once; what is not well escaped stays.
    ['GET', '/v2/a/manifests/a%2Fb', [MANIFEST, { name: 'a', reference: 'a/b' }]],
    ['GET', '/v2/a/manifests/%2541', [MANIFEST, { name: 'a', reference: '%41' }]],
    ['GET', '/v2/a/manifests/%', [MANIFEST, { name: 'a', reference: '%' }]],
    ['GET', '/v2/a/manifests/%ff', [MANIFEST, { name: 'a', reference: '%ff' }]],
    ['GET', '/v2/a/blobs/uploads%2Fx', [BLOB, { name: 'a', digest: 'uploads/x' }]],
    ['GET', '/api/v1/projects/a%2Fb', ['/api/v1/projects/{project}', { project: 'a/b' }]],
    ['GET', '/v2/a/tags%2Flist', undefined],
  ])('%s %s', (method, path, expected) => expect(at(method, path)).toEqual(expected))

  it.each([
    '/',
    '',
    '*',
    '/v3/',
    '/v2//',
    '/V2/',
    '/v2/a',
    '/v2/a/b',
    '/v2/tags/list',
    '/v2/blobs/uploads/',
    '/v2/manifests/latest',
    '/v2/a/manifests/',
    '/v2/a/manifests',
    '/v2/a/tags',
    '/v2/a/tags/list/',
    '/v2/a/tags/list/x',
    '/v2/_catalog/x',
    '/v1/search',
    '/healthz/x',
    '/api/v1/projects/',
    'http://registry.example/v2/a/tags/list',
  ])('nothing at %j', (path) => {
    const found = at('GET', path)
    // A slash at the end makes no difference.
    if (path === '/v2/a/tags/list/') expect(found).toEqual([TAGS, { name: 'a' }])
    else expect(found).toBeUndefined()
  })

  it.each([
    ['POST', '/v2/', ['GET', 'HEAD']],
    ['POST', '/v2/_catalog', ['GET', 'HEAD']],
    ['PUT', `/v2/a/blobs/${D}`, ['GET', 'HEAD', 'DELETE']],
    // This is the place where uploads begin, not a blob called "uploads".
    ['GET', '/v2/a/blobs/uploads/', ['POST']],
    ['DELETE', '/v2/a/blobs/uploads/', ['POST']],
    ['POST', '/v2/a/blobs/uploads/id', ['GET', 'HEAD', 'PATCH', 'PUT', 'DELETE']],
    ['PATCH', '/v2/a/manifests/latest', ['GET', 'HEAD', 'PUT', 'DELETE']],
    ['PUT', '/v2/a/tags/list', ['GET', 'HEAD']],
    ['OPTIONS', '/v2/', ['GET', 'HEAD']],
    ['TRACE', '/api/v1/projects/a', ['GET', 'HEAD', 'PUT']],
  ])('%s %s: only %j', (method, path, allowed) => expect(at(method, path)).toEqual(allowed))

  it('finds every name, whatever words it is made of', () => {
    const word = constantFrom(
      'v2',
      'blobs',
      'uploads',
      'manifests',
      'tags',
      'list',
      'referrers',
      '_catalog',
      'a',
    )
    const name = array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('/'))
    const reference = stringMatching(/^[a-z0-9]{1,6}$/)
    assert(
      property(name, reference, (repository, text) => {
        expect(at('GET', `/v2/${repository}/tags/list`)).toEqual([TAGS, { name: repository }])
        expect(at('GET', `/v2/${repository}/manifests/${text}`)).toEqual([
          MANIFEST,
          { name: repository, reference: text },
        ])
        expect(at('GET', `/v2/${repository}/referrers/${D}`)).toEqual([
          REFERRERS,
          { name: repository, digest: D },
        ])
        expect(at('GET', `/v2/${repository}/blobs/${D}`)).toEqual([BLOB, { name: repository, digest: D }])
        expect(at('POST', `/v2/${repository}/blobs/uploads/`)).toEqual([UPLOADS, { name: repository }])
        expect(at('PUT', `/v2/${repository}/blobs/uploads/${text}`)).toEqual([
          UPLOAD,
          { name: repository, upload: text },
        ])
      }),
      { numRuns: 500 },
    )
  })
})
