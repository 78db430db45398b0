import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AccessControl, Decision } from '../../auth/access-control.ts'
import type { Caller } from '../../auth/identity.ts'
import type { Digest } from '../../oci/digest.ts'
import { keys } from '../../records/keys.ts'
import { projectCodec } from '../../records/project.ts'
import { digestOf, image, index } from '../../registry/content-fixture.ts'
import {
  HOUR,
  openTestRegistry,
  pull,
  push,
  pushBlob,
  type TestRegistry,
} from '../../registry/registry-fixture.ts'
import { createMatcher } from '../match.ts'
import { asRegistryError, renderError } from '../render-error.ts'
import { writeReply } from '../write-reply.ts'
import { distributionRoutes } from './routes.ts'

/** The handlers of /v2/ on a real socket, with the least around them: no middleware, no rights of routes. */

let registry: TestRegistry
let server: Server
let origin = ''
let caller: Caller
let decide: (action: string, what: string) => Decision

const yes: Decision = { outcome: 'allowed', identity: { kind: 'unchecked' }, isPublic: true }
const no: Decision = { outcome: 'denied', reason: 'no' }

const access: AccessControl = {
  check: (_, action, repository) => Promise.resolve(decide(action, repository)),
  checkProject: (_, action, project) => Promise.resolve(decide(action, project)),
  checkRegistry: () => Promise.resolve(yes),
  mayMount: () => Promise.resolve(false),
  accountMayPush: () => Promise.resolve(true),
  grant: () => Promise.resolve([]),
}

beforeEach(async () => {
  registry = await openTestRegistry()
  caller = {
    identity: { kind: 'user', name: 'alice', administrator: false },
    scope: undefined,
    expired: false,
  }
  decide = () => yes
  const match = createMatcher(
    distributionRoutes({
      registry: registry.parts,
      uploads: registry.uploads,
      redirect: true,
      listFolders: false,
      access,
      readableProjects: async function* (_, after) {
        for (const project of ['other', 'team'])
          if (after === undefined || project > after) yield await Promise.resolve(project)
      },
    }),
  )
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', origin)
    const found = match(request.method ?? '', url.pathname)
    const answered = async () => {
      if (found === undefined || 'allowed' in found) return writeReply(request, response, { status: 404 })
      const reply = await found.route
        .handle({
          request,
          method: request.method ?? '',
          params: found.params,
          query: url.searchParams,
          caller,
          address: '::1',
          isPublic: true,
          requestId: 'id',
          origin,
          note: () => undefined,
        })
        .catch((error: unknown) => renderError(asRegistryError(error), 'id'))
      return writeReply(request, response, reply)
    }
    answered().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const at = (path: string, init: RequestInit = {}) =>
  fetch(`${origin}${path}`, { redirect: 'manual', ...init })
const errorBody = z.object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })

async function codeAt(path: string, init: RequestInit = {}): Promise<string> {
  const response = await at(path, init)
  const parsed = errorBody.safeParse(await response.json().catch(() => undefined))
  return `${response.status} ${parsed.data?.errors[0]?.code}`
}

/** Follows Links from page to page. */
async function pages<Value>(first: string, schema: z.ZodType<Value>): Promise<Value[]> {
  const found: Value[] = []
  for (let path: string | undefined = first; path !== undefined; ) {
    const response = await at(path)
    expect(response.status).toBe(200)
    found.push(schema.parse(await response.json()))
    const link: string | undefined = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    path = link
    expect(found.length).toBeLessThan(100)
  }
  return found
}

const tagsBody = z.object({ name: z.string(), tags: z.array(z.string()) })
const catalogBody = z.object({ repositories: z.array(z.string()) })
const indexBody = z.object({
  manifests: z.array(z.object({ digest: z.string(), artifactType: z.string().optional() })),
})

describe('a blob', () => {
  let digest: Digest
  const content = Buffer.from(Array.from({ length: 1000 }, (_, byte) => byte % 251))

  beforeEach(async () => {
    digest = await pushBlob(registry, 'team/app', content)
  })

  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    at(`/v2/team/app/blobs/${digest}`, { method, headers })

  it('has the same headers for HEAD and GET', async () => {
    const [head, got] = [await get({}, 'HEAD'), await get()]
    for (const name of [
      'content-length',
      'content-type',
      'docker-content-digest',
      'etag',
      'accept-ranges',
      'cache-control',
    ])
      expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)])
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'content-length': '1000',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect(Buffer.from(await got.arrayBuffer())).toEqual(content)
    expect((await head.arrayBuffer()).byteLength).toBe(0)
  })

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/1000', 10],
    ['bytes=990-1000', 206, 'bytes 990-999/1000', 10],
    ['bytes=-1', 206, 'bytes 999-999/1000', 1],
    ['bytes=1000-', 416, 'bytes */1000', undefined],
    ['bytes=5-1', 416, 'bytes */1000', undefined],
    ['bytes=0-999,0-0', 200, null, 1000],
    ['lines=1-2', 200, null, 1000],
  ])('%s is %i', async (range, status, contentRange, length) => {
    const response = await get({ range })
    expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange])
    if (length !== undefined) expect((await response.arrayBuffer()).byteLength).toBe(length)
    else expect(await response.json()).toMatchObject({ errors: [{ code: 'RANGE_INVALID' }] })
  })

  it('ignores Range on HEAD, and when If-Range names something else', async () => {
    expect((await get({ range: 'bytes=0-9' }, 'HEAD')).headers.get('content-length')).toBe('1000')
    expect((await get({ range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200)
    expect((await get({ range: 'bytes=0-9', 'if-range': `"${digest}"` })).status).toBe(206)
  })

  it('is not sent again to who has it', async () => {
    const response = await get({ 'if-none-match': `"${digest}"`, range: 'bytes=5000-' })
    expect([response.status, await response.text()]).toEqual([304, ''])
  })

  it('of no bytes is whole under any Range', async () => {
    const empty = await pushBlob(registry, 'team/app', '')
    const response = await at(`/v2/team/app/blobs/${empty}`, { headers: { range: 'bytes=0-' } })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0'])
  })

  it('that is asked for by nonsense is unknown; deleting it by nonsense is an error of the digest', async () => {
    for (const text of ['x', 'sha256:x', `md5:${'a'.repeat(32)}`]) {
      expect(await codeAt(`/v2/team/app/blobs/${text}`)).toBe('404 BLOB_UNKNOWN')
      expect(await codeAt(`/v2/team/app/blobs/${text}`, { method: 'DELETE' })).toBe('400 DIGEST_INVALID')
    }
  })

  it('is renewed for who may push, and only then', async () => {
    registry.clock.now += 7 * HOUR
    let asked = 0
    decide = (action) => {
      asked += 1
      expect(action).toBe('push')
      return no
    }
    expect((await get()).status).toBe(200)
    expect(asked).toBe(1)
  })
})

describe('an upload', () => {
  const start = async () =>
    (await at('/v2/team/app/blobs/uploads/', { method: 'POST' })).headers.get('location') ?? ''

  it('tells its place and its range in the words that clients scan', async () => {
    const begun = await at('/v2/team/app/blobs/uploads/', { method: 'POST' })
    const location = begun.headers.get('location') ?? ''
    expect([begun.status, begun.headers.get('range')]).toEqual([202, '0-0'])
    expect(location).toBe(`/v2/team/app/blobs/uploads/${begun.headers.get('docker-upload-uuid')}`)
    expect((await at(location)).headers.get('range')).toBe('0--1')
    const patched = await at(location, {
      method: 'PATCH',
      body: 'hello',
      headers: { 'content-range': '0-4' },
    })
    expect([patched.status, patched.headers.get('range'), patched.headers.get('location')]).toEqual([
      202,
      '0-4',
      location,
    ])
    expect([(await at(location)).status, (await at(location)).headers.get('range')]).toEqual([204, '0-4'])
    const wrong = await at(location, { method: 'PATCH', body: 'x', headers: { 'content-range': '9-9' } })
    expect([wrong.status, wrong.headers.get('range')]).toEqual([416, '0-4'])
    const digest = digestOf('hello world')
    const done = await at(`${location}?digest=${digest}&digest=${digest}`, { method: 'PUT', body: ' world' })
    expect([done.status, done.headers.get('location'), done.headers.get('docker-content-digest')]).toEqual([
      201,
      `/v2/team/app/blobs/${digest}`,
      digest,
    ])
    expect(String(await pull(registry, 'team/app', digest))).toBe('hello world')
  })

  it('is kept when its end is malformed', async () => {
    const location = await start()
    await at(location, { method: 'PATCH', body: 'abc' })
    expect(await codeAt(location, { method: 'PUT' })).toBe('400 DIGEST_INVALID')
    expect(await codeAt(`${location}?digest=x`, { method: 'PUT' })).toBe('400 DIGEST_INVALID')
    expect(await codeAt(`${location}?digest=${digestOf('x')}`, { method: 'PUT' })).toBe('400 DIGEST_INVALID')
    expect(await codeAt(location, { method: 'PATCH', body: 'x', headers: { 'content-range': 'x' } })).toBe(
      '416 RANGE_INVALID',
    )
    expect((await at(location)).headers.get('range')).toBe('0-2')
    expect((await at(location, { method: 'DELETE' })).status).toBe(204)
    expect(await codeAt(location, { method: 'DELETE' })).toBe('404 BLOB_UPLOAD_UNKNOWN')
  })

  it('is unknown under an id that no key may hold', async () => {
    for (const id of ['%00', 'a%00b', '..%2f..', '%ff', 'x'.repeat(3000)])
      expect(await codeAt(`/v2/team/app/blobs/uploads/${id}`)).toBe('404 BLOB_UPLOAD_UNKNOWN')
  })

  it('in one POST leaves nothing behind when it fails', async () => {
    const digest = digestOf('abc')
    expect(
      await codeAt(`/v2/team/app/blobs/uploads/?digest=${digest}`, { method: 'POST', body: 'abd' }),
    ).toBe('400 DIGEST_INVALID')
    expect(registry.contents.uploads.size).toBe(0)
    const done = await at(`/v2/team/app/blobs/uploads/?digest=${digest}`, { method: 'POST', body: 'abc' })
    expect([done.status, done.headers.get('location')]).toEqual([201, `/v2/team/app/blobs/${digest}`])
  })

  it('may announce an algorithm that we know', async () => {
    const announce = (text: string) =>
      at(`/v2/team/app/blobs/uploads/?digest-algorithm=${text}`, { method: 'POST' })
    expect([(await announce('sha512')).status, (await announce('blake3')).status]).toEqual([202, 400])
  })
})

describe('a mount', () => {
  const mount = (query: string) => at(`/v2/team/new/blobs/uploads/?${query}`, { method: 'POST' })
  let digest: Digest

  beforeEach(async () => {
    const project = { public: false, created: registry.clock.now, createdBy: 'user:alice' }
    const sets = [{ key: keys.project('other'), value: projectCodec.encode(project) }]
    await registry.metadata.commit({ checks: [], sets, deletes: [] })
    digest = await pushBlob(registry, 'other/app', 'content')
  })

  it('is 201 where it can be done, else a session', async () => {
    const done = await mount(`mount=${digest}&from=other/app`)
    expect([done.status, done.headers.get('location')]).toEqual([201, `/v2/team/new/blobs/${digest}`])
    for (const query of [
      `mount=${digestOf('none')}&from=other/app`,
      `mount=${digest}&from=other/none`,
      `mount=${digest}&from=Host.Example/x`,
    ]) {
      const session = await mount(query)
      expect([
        session.status,
        session.headers.get('location')?.startsWith('/v2/team/new/blobs/uploads/'),
      ]).toEqual([202, true])
    }
    expect(await codeAt('/v2/team/new/blobs/uploads/?mount=x&from=other/app', { method: 'POST' })).toBe(
      '400 DIGEST_INVALID',
    )
  })

  it('from a place that the caller may not read is a session, and tells nothing', async () => {
    decide = (_, what) => (what.startsWith('other') ? no : yes)
    for (const query of [`mount=${digest}&from=other/app`, `mount=${digest}`])
      expect((await mount(query)).status).toBe(202)
    expect(await pull(registry, 'team/new', digest)).toBeUndefined()
  })

  it('that only the token forbids asks for another token, for both repositories', async () => {
    decide = (_, what) => (what.startsWith('other') ? { outcome: 'narrow', reason: 'x' } : yes)
    const response = await mount(`mount=${digest}&from=other/app`)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="${origin}/token",service="lamina",scope="repository:team/new:pull,push repository:other/app:pull",error="insufficient_scope"`,
    ])
  })

  it('without `from` looks in what the caller may read', async () => {
    expect((await mount(`mount=${digest}`)).status).toBe(201)
  })
})

describe('a manifest', () => {
  const put = (reference: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
    at(`/v2/team/app/manifests/${reference}`, { method: 'PUT', body, headers })
  let bytes: Buffer

  beforeEach(async () => {
    bytes = image(await pushBlob(registry, 'team/app', 'config'))
  })

  it('goes in and comes out as it was', async () => {
    const pushed = await put('v1', bytes, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json; charset=utf-8',
    })
    const digest = digestOf(bytes)
    expect([
      pushed.status,
      pushed.headers.get('location'),
      pushed.headers.get('docker-content-digest'),
    ]).toEqual([201, `/v2/team/app/manifests/${digest}`, digest])
    for (const reference of ['v1', digest, encodeURIComponent(digest)]) {
      const got = await at(`/v2/team/app/manifests/${reference}`, { headers: { accept: 'text/html' } })
      expect(got.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json')
      expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes)
      const head = await at(`/v2/team/app/manifests/${reference}`, { method: 'HEAD' })
      expect([head.headers.get('content-length'), head.headers.get('docker-content-digest')]).toEqual([
        String(bytes.length),
        digest,
      ])
    }
    expect((await at('/v2/team/app/manifests/v1')).headers.get('cache-control')).toBe('no-cache')
    expect((await at('/v2/team/app/manifests/v1', { headers: { 'if-none-match': digest } })).status).toBe(304)
  })

  it('takes tags beside its digest, and says which', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, tag) => `tag=t${tag}`).join('&')
    const pushed = await put(`${digestOf(bytes)}?tag=a&tag=b&tag=a`, bytes)
    expect([pushed.status, pushed.headers.get('oci-tag')]).toEqual([201, 'a, b'])
    expect((await put(`${digestOf(bytes)}?${many(100)}`, bytes)).status).toBe(201)
    expect((await put(`${digestOf(bytes)}?${many(101)}`, bytes)).status).toBe(414)
    expect((await put('v1?tag=a', bytes)).status).toBe(400)
    expect((await put(`${digestOf(bytes)}?tag=.bad`, bytes)).status).toBe(400)
  })

  it('of more than 4 MiB is refused, said in advance or not', async () => {
    const limit = 4 * 1024 * 1024
    expect((await put('big', Buffer.alloc(limit + 1))).status).toBe(413)
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
    })
    const endless = { method: 'PUT', body: stream, duplex: 'half' as const }
    const answered = at('/v2/team/app/manifests/big', endless).then(
      (response) => response.status,
      () => 413,
    )
    expect(await answered).toBe(413)
    // Exactly the limit is read and judged.
    expect((await put('big', Buffer.alloc(limit, ' '))).status).toBe(400)
  })

  it('is asked for, and written, by what names one', async () => {
    expect(await codeAt('/v2/team/app/manifests/.INVALID')).toBe('404 MANIFEST_UNKNOWN')
    expect(await codeAt('/v2/team/app/manifests/sha256:x')).toBe('404 MANIFEST_UNKNOWN')
    expect(await codeAt('/v2/team/none/manifests/v1')).toBe('404 NAME_UNKNOWN')
    expect(await codeAt('/v2/team/app/manifests/.bad', { method: 'PUT', body: '{}' })).toBe('400 TAG_INVALID')
    expect(await codeAt('/v2/team/app/manifests/md5:x', { method: 'PUT', body: '{}' })).toBe(
      '400 DIGEST_INVALID',
    )
    expect(await codeAt(`/v2/team/app/manifests/${digestOf('x')}`, { method: 'PUT', body: bytes })).toBe(
      '400 DIGEST_INVALID',
    )
  })

  it('tells its subject, and is listed there', async () => {
    const subject = { mediaType: 'a/b', digest: digestOf('subject'), size: 1 }
    expect((await put('v1', index([], { subject }))).headers.get('oci-subject')).toBe(subject.digest)
    expect((await put('v2', bytes)).headers.get('oci-subject')).toBeNull()
  })
})

describe('lists', () => {
  it('of tags go on from page to page and miss nothing', async () => {
    const config = await pushBlob(registry, 'team/app', 'config')
    const tags = ['A', '_b', 'a', 'a-b', 'a.b', 'b', 'z'.repeat(128)]
    await push(registry, 'team/app', image(config), { tags })
    const sorted = [...tags].sort()
    for (const n of [1, 2, 6, 7, 8, 1000]) {
      const found = await pages(`/v2/team/app/tags/list?n=${n}`, tagsBody)
      expect(found.flatMap((page) => page.tags)).toEqual(sorted)
      expect(found.every((page) => page.tags.length <= n && page.name === 'team/app')).toBe(true)
      expect(found).toHaveLength(Math.ceil(tags.length / n))
    }
    expect(await pages('/v2/team/app/tags/list', tagsBody)).toEqual([{ name: 'team/app', tags: sorted }])
    expect(await pages('/v2/team/app/tags/list?n=0', tagsBody)).toEqual([{ name: 'team/app', tags: [] }])
    expect(await pages('/v2/team/app/tags/list?last=a-a', tagsBody)).toEqual([
      { name: 'team/app', tags: sorted.slice(3) },
    ])
    for (const n of ['-1', 'x', '', '1.5', 'NaN', '1e3'])
      expect(await codeAt(`/v2/team/app/tags/list?n=${n}`)).toBe('400 PAGINATION_NUMBER_INVALID')
    expect((await at(`/v2/team/app/tags/list?n=${'9'.repeat(400)}&last=%00`)).status).toBe(200)
    expect(await codeAt('/v2/team/none/tags/list')).toBe('404 NAME_UNKNOWN')
  })

  it('of more than clients read in one go are cut, even for an n beyond all numbers', async () => {
    const config = await pushBlob(registry, 'team/app', 'config')
    const fill = {
      annotations: { a: 'ü'.repeat(1_000_000) },
      subject: { mediaType: 'a/b', digest: digestOf('s'), size: 1 },
    }
    for (const at of ['1', '2', '3', '4'])
      await push(registry, 'team/app', image(config, [], { ...fill, artifactType: `x/${at}` }))
    const found = await pages(`/v2/team/app/referrers/${digestOf('s')}?n=${'9'.repeat(30)}`, indexBody)
    expect(found.flatMap((page) => page.manifests)).toHaveLength(4)
    // 2 MB of UTF-8 each: two make no page that clients would read whole.
    expect(found.map((page) => page.manifests.length)).toEqual([1, 1, 1, 1])
  })

  it('of referrers keep their filter from page to page', async () => {
    const subject = { mediaType: 'a/b', digest: digestOf('s'), size: 1 }
    for (const artifactType of ['x/a', 'x/b+c', 'x/d', 'x/a', 'x/b+c'])
      await push(
        registry,
        'team/app',
        index([], { subject, artifactType, annotations: { at: String(Math.random()) } }),
      )
    const query = 'artifactType=x/a&artifactType=x%2Fb%2Bc&n=1'
    const found = await pages(`/v2/team/app/referrers/${subject.digest}?${query}`, indexBody)
    expect(
      found.flatMap((page) => page.manifests.map(({ artifactType = '' }) => artifactType)).sort(),
    ).toEqual(['x/a', 'x/a', 'x/b+c', 'x/b+c'])
    const filtered = await at(`/v2/team/app/referrers/${subject.digest}?artifactType=x/a`)
    expect([filtered.headers.get('oci-filters-applied'), filtered.headers.get('content-type')]).toEqual([
      'artifactType',
      'application/vnd.oci.image.index.v1+json',
    ])
    expect((await at(`/v2/no/where/referrers/${subject.digest}`)).status).toBe(200)
    expect(await codeAt('/v2/team/app/referrers/x')).toBe('400 DIGEST_INVALID')
    // To begin again from the start would let a client go round for ever.
    expect(await codeAt(`/v2/team/app/referrers/${subject.digest}?last=x`)).toBe('400 DIGEST_INVALID')
  })

  it('of repositories hold what may be read, in order, from page to page', async () => {
    for (const repository of ['team/app', 'team/a', 'other', 'other/x', 'hidden/x']) {
      const config = await pushBlob(registry, repository, 'config')
      await push(registry, repository, image(config))
    }
    const sorted = ['other', 'other/x', 'team/a', 'team/app']
    for (const n of [1, 2, 3, 4, 5])
      expect((await pages(`/v2/_catalog?n=${n}`, catalogBody)).flatMap((page) => page.repositories)).toEqual(
        sorted,
      )
    expect(await pages('/v2/_catalog?n=0', catalogBody)).toEqual([{ repositories: [] }])
    expect(await pages('/v2/_catalog?last=other/a', catalogBody)).toEqual([{ repositories: sorted.slice(1) }])
  })
})
