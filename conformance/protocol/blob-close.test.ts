import { describe, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { created, expectAbsent, expectThere } from './support/expect-blob.ts'
import { blob } from './support/images.ts'
import { beginUpload, closing, locationOf, openUpload, withQuery } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.3: the PUT that closes an upload. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const NAME = 'close/app'
const POST = `/v2/${NAME}/blobs/uploads/`

const CLOSING: readonly Exchange[] = [
  // "Missing digest 400, session kept."
  {
    name: 'PUT without a digest is refused and keeps the session',
    send: async (client) => ({
      method: 'PUT',
      path: await beginUpload(client, NAME, Buffer.from('kept')),
      body: '',
    }),
    expect: { status: 400, code: 'DIGEST_INVALID' },
  },
  ...['', 'sha256', 'sha256:short', `md5:${'0'.repeat(32)}`, `sha256:${'F'.repeat(64)}`].map(
    (digest): Exchange => ({
      name: `PUT ?digest=${digest.slice(0, 20)} is refused`,
      send: async (client) => ({
        method: 'PUT',
        path: closing(await beginUpload(client, NAME, Buffer.from('kept')), digest),
        body: '',
      }),
      expect: { status: 400, code: 'DIGEST_INVALID' },
    }),
  ),
  ...['sha256:short', `md5:${'0'.repeat(32)}`].map(
    (digest): Exchange => ({
      name: `POST ?digest=${digest.slice(0, 20)} is refused`,
      send: { method: 'POST', path: `${POST}?digest=${digest}`, body: 'abc' },
      expect: { status: 400, code: 'DIGEST_INVALID' },
    }),
  ),
  {
    name: 'PUT with two digests that differ stores nothing wrong and does not fail',
    send: async (client) => {
      const made = blob('blob-write/two digests', 50)
      const location = closing(await beginUpload(client, NAME, made.bytes), blob('blob-write/none', 3).digest)
      return { method: 'PUT', path: closing(location, made.digest), body: '' }
    },
    expect: { status: [201, 400] },
    after: async (client) => expectAbsent(client, NAME, blob('blob-write/none', 3).digest),
  },
  {
    name: 'PUT of an unknown session is 404 BLOB_UPLOAD_UNKNOWN',
    send: {
      method: 'PUT',
      path: closing(`${POST}6ba7b810-9dad-41d1-80b4-00c04fd430c8`, blob('x', 1).digest),
      body: '',
    },
    expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  },
]

describe('closing', () => {
  play(CLOSING, client)

  test('a refused PUT without a digest leaves a session that completes', async () => {
    const made = blob('blob-write/kept', 60)
    const location = await beginUpload(client(), NAME, made.bytes)
    check(await client().put(location), { status: 400 })
    check(await client().get(location), { status: 204, headers: { range: '0-59' } })
    check(await client().put(closing(location, made.digest)), created(NAME, made.digest))
  })

  // "A lost 201 answered again for the same session+digest is a kindness" (DESIGN §3.3: for an hour)
  test('a closing PUT sent again is answered 201 again', async () => {
    const made = blob('blob-write/again', 60)
    const location = await openUpload(client(), NAME)
    check(await client().put(closing(location, made.digest), made.bytes), created(NAME, made.digest))
    check(await client().put(closing(location, made.digest), made.bytes), created(NAME, made.digest))
    check(await client().put(closing(location, made.digest)), created(NAME, made.digest))
  })

  test('a closed session is gone for everything else', async () => {
    const made = blob('blob-write/gone', 60)
    const location = await openUpload(client(), NAME)
    check(await client().put(closing(location, made.digest), made.bytes), created(NAME, made.digest))
    for (const method of ['GET', 'PATCH', 'DELETE'])
      check(await client().ask({ method, path: location, body: '' }), {
        status: 404,
        code: 'BLOB_UPLOAD_UNKNOWN',
      })
    check(await client().put(closing(location, blob('other', 5).digest)), { status: [400, 404] })
    await expectThere(client(), NAME, made)
  })

  test('the same blob pushed again is 201 again', async () => {
    const made = blob('blob-write/twice', 60)
    for (let round = 0; round < 3; round += 1)
      check(
        await client().put(closing(await openUpload(client(), NAME), made.digest), made.bytes),
        created(NAME, made.digest),
      )
  })

  // "Verify bytes even when another repo already has the digest (no probing by claiming)."
  test('claiming a digest that another repository holds gives nothing', async () => {
    const made = blob('blob-write/claimed', 60)
    await openUpload(client(), 'write/owner').then(async (location) =>
      client().put(closing(location, made.digest), made.bytes),
    )
    check(await client().put(closing(await openUpload(client(), NAME), made.digest), 'something else'), {
      status: 400,
      code: 'DIGEST_INVALID',
    })
    check(await client().post(`${POST}?digest=${made.digest}`, ''), { status: 400, code: 'DIGEST_INVALID' })
    await expectAbsent(client(), NAME, made.digest)
  })

  test('unknown parameters, _state and ns among them, are ignored on every step', async () => {
    const made = blob('blob-write/params', 60)
    const location = await openUpload(client(), NAME, '?ns=docker.io&_state=x&origin=a&origin=b')
    const patched = await client().patch(withQuery(location, '_state=stale&ns=docker.io'), made.bytes)
    check(patched, { status: 202 })
    check(await client().get(withQuery(locationOf(patched), `digest=${made.digest}`)), {
      status: 204,
      headers: { range: '0-59' },
    })
    check(
      await client().put(closing(withQuery(locationOf(patched), 'ns=quay.io'), made.digest)),
      created(NAME, made.digest),
    )
  })
})
