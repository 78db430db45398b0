import { describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check, type Exchange, play } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { beginUpload, closing, locationOf, openUpload, withQuery } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/** P§1.3: the upload session, its offset, and what leaves it untouched. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const NAME = 'session/app'
const UNKNOWN = `/v2/${NAME}/blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8`
const BLOB = blob('upload-session', 3000)
const THIRD = BLOB.bytes.subarray(0, 1000)

/** A session that holds the first 1,000 bytes of BLOB. */
async function third(client: Client): Promise<string> {
  return beginUpload(client, NAME, THIRD)
}

/** "GET location → 204 [M] + Location + Range [M]" */
async function expectOffset(client: Client, location: string, range: string): Promise<void> {
  const reply = await client.get(location)
  check(reply, { status: 204, headers: { range, 'docker-upload-uuid': /\S/ }, body: '' })
  expect(locationOf(reply)).toContain('/blobs/uploads/')
}

/** The session that an answer speaks of must still complete to BLOB from `from` on. */
async function expectCompletes(client: Client, location: string, from: number): Promise<void> {
  const reply = await client.put(closing(location, BLOB.digest), BLOB.bytes.subarray(from))
  check(reply, { status: 201 })
  check(await client.get(`/v2/${NAME}/blobs/${BLOB.digest}`), { status: 200, body: BLOB.bytes })
  check(await client.delete(`/v2/${NAME}/blobs/${BLOB.digest}`), { status: 202 })
}

/** "else **416** [M] with Location, Range and UUID so RC can resume without another call" */
async function expectResumable(client: Client, reply: Reply, range: string, from: number): Promise<void> {
  check(reply, { status: 416, code: 'RANGE_INVALID', headers: { range, 'docker-upload-uuid': /\S/ } })
  await expectOffset(client, locationOf(reply), range)
  await expectCompletes(client, locationOf(reply), from)
}

const chunk = (start: number, end: number): { body: Buffer; headers: Record<string, string> } => ({
  body: BLOB.bytes.subarray(start, end + 1),
  headers: { 'content-range': `${start}-${end}` },
})

const OUT_OF_ORDER: readonly Exchange[] = [
  ...[
    ['a gap', 1001, 2000],
    ['an overlap', 999, 1999],
    ['the first chunk again', 0, 999],
    ['all from the start', 0, 2999],
    ['far behind the end', 500_000, 500_999],
  ].flatMap(([name, start, end]): Exchange[] =>
    // "PATCH […] start must equal stored size"; "PUT […] Content-Range out of order → 416 [M new], session
    // survives and offset unchanged (v2 suite does this and resumes)."
    ['PATCH', 'PUT'].map(
      (method): Exchange => ({
        name: `${method} with ${name} is 416, and the session resumes at the offset that it names`,
        send: async (client) => {
          const location = await third(client)
          const path = method === 'PUT' ? closing(location, BLOB.digest) : location
          const bytes = Buffer.alloc(Number(end) - Number(start) + 1, 1)
          return { method, path, body: bytes, headers: { 'content-range': `${start}-${end}` } }
        },
        expect: { status: 416 },
        after: async (client, reply) => expectResumable(client, reply, '0-999', 1000),
      }),
    ),
  ),
  {
    // "RC recovers properly only from `0--1` because it takes end+1"; "keep `0-0` on POST"
    name: 'PATCH with a gap on an empty session is 416 with 0--1',
    send: async (client) => ({ method: 'PATCH', path: await openUpload(client, NAME), ...chunk(1000, 1999) }),
    expect: { status: 416, headers: { range: '0--1' } },
    after: async (client, reply) => expectResumable(client, reply, '0--1', 0),
  },
  {
    name: 'GET of an empty session is 204 with 0--1',
    send: async (client) => ({ path: await openUpload(client, NAME) }),
    expect: { status: 204, headers: { range: '0--1' }, body: '' },
  },
  {
    name: 'GET of a session of one byte is 204 with 0-0',
    send: async (client) => ({ path: await beginUpload(client, NAME, Buffer.from('x')) }),
    expect: { status: 204, headers: { range: '0-0' } },
  },
]

describe('an offset that does not fit', () => play(OUT_OF_ORDER, client))

const CONTRADICTIONS: readonly Exchange[] = [
  // "Length contradiction 400 SIZE_INVALID."
  ...['1000-1998', '1000-2000', '1000-1000'].map(
    (range): Exchange => ({
      name: `PATCH of 1,000 bytes as ${range} is 400 SIZE_INVALID`,
      send: async (client) => ({
        method: 'PATCH',
        path: await third(client),
        body: BLOB.bytes.subarray(1000, 2000),
        headers: { 'content-range': range },
      }),
      expect: { status: 400, code: 'SIZE_INVALID' },
    }),
  ),
  ...['1000-1998', '1000-2000'].map(
    (range): Exchange => ({
      name: `a chunked PATCH of 1,000 bytes as ${range} is 400 SIZE_INVALID`,
      send: async (client) => ({
        method: 'PATCH',
        path: await third(client),
        chunks: [BLOB.bytes.subarray(1000, 2000)],
        headers: { 'content-range': range },
      }),
      expect: { status: 400, code: 'SIZE_INVALID' },
    }),
  ),
  ...['abc', '1000', '-5-10', '1000-', '1999-1000', 'bytes */5', '1e3-2e3'].map(
    (range): Exchange => ({
      name: `PATCH with Content-Range ${range} is 416, and the session resumes at the offset that it names`,
      send: async (client) => ({
        method: 'PATCH',
        path: await third(client),
        body: BLOB.bytes.subarray(1000, 2000),
        headers: { 'content-range': range },
      }),
      expect: { status: 416, code: 'RANGE_INVALID' },
      after: async (client, reply) => expectResumable(client, reply, '0-999', 1000),
    }),
  ),
]

describe('a Content-Range that contradicts itself', () => play(CONTRADICTIONS, client))

describe('a session', () => {
  test('takes a good chunk after a contradiction', async () => {
    const location = await third(client())
    const refused = await client().patch(location, BLOB.bytes.subarray(1000, 2000), {
      'content-range': '1000-1998',
    })
    check(refused, { status: 400 })
    await expectOffset(client(), location, '0-999')
    await expectCompletes(client(), location, 1000)
  })

  // "Stale URLs keep working: old suite PATCHes and GETs the POST's Location after a first chunk and expects
  // 416, then 204 with exact `0-21`."
  test("answers at the POST's Location after chunks moved it", async () => {
    const first = await openUpload(client(), NAME)
    check(await client().ask({ method: 'PATCH', path: first, ...chunk(0, 999) }), { status: 202 })
    check(await client().ask({ method: 'PATCH', path: first, ...chunk(0, 999) }), {
      status: 416,
      headers: { range: '0-999' },
    })
    await expectOffset(client(), first, '0-999')
    check(await client().ask({ method: 'PATCH', path: first, ...chunk(1000, 1999) }), {
      status: 202,
      headers: { range: '0-1999' },
    })
    await expectCompletes(client(), first, 2000)
  })

  // "Extra `digest` on PATCH/GET URLs tolerated (RC, v2 suite)."
  test('tolerates a digest on PATCH and GET', async () => {
    const first = await openUpload(client(), NAME)
    check(await client().ask({ method: 'PATCH', path: closing(first, BLOB.digest), ...chunk(0, 1499) }), {
      status: 202,
    })
    await expectOffset(client(), closing(first, 'sha256:nonsense'), '0-1499')
    await expectCompletes(client(), first, 1500)
  })

  test('takes an empty PATCH as no change', async () => {
    const location = await third(client())
    const reply = await client().patch(location, '')
    check(reply, { status: 202, headers: { range: '0-999' } })
    await expectCompletes(client(), locationOf(reply), 1000)
  })

  // old suite: "22-byte chunks"
  test('takes chunks of 22 bytes', async () => {
    const made = blob('upload-session/22', 220)
    let location = await openUpload(client(), NAME)
    for (let at = 0; at < 220; at += 22) {
      const headers = { 'content-range': `${at}-${at + 21}` }
      const reply = await client().patch(location, made.bytes.subarray(at, at + 22), headers)
      check(reply, { status: 202, headers: { range: `0-${at + 21}`, 'oci-chunk-min-length': undefined } })
      location = locationOf(reply)
    }
    check(await client().put(closing(location, made.digest)), { status: 201 })
  })

  // "A failed or cut whole-blob PUT must leave the session usable: RC then retries on the same URL with chunks
  // from 0 → answer 416+Range or reset."
  test('is usable after a PUT with the wrong bytes, as regclient uses it', async () => {
    const location = await openUpload(client(), NAME)
    check(await client().put(closing(location, BLOB.digest), 'not these'), {
      status: 400,
      code: 'DIGEST_INVALID',
    })
    const retry = await client().ask({ method: 'PATCH', path: location, ...chunk(0, 999) })
    check(retry, { status: 202, headers: { range: '0-999' } })
    await expectCompletes(client(), locationOf(retry), 1000)
  })

  test('keeps what it had before a PUT that added the wrong bytes', async () => {
    const location = await third(client())
    check(await client().put(closing(location, BLOB.digest), 'not these'), {
      status: 400,
      code: 'DIGEST_INVALID',
    })
    const status = await client().get(location)
    expect(status.status).toBe(204)
    const stored = Number(status.header('range')?.replace(/^0-/, '')) + 1
    expect([0, 1000]).toContain(stored)
    await expectCompletes(client(), location, stored)
  })

  test('belongs to one repository', async () => {
    const location = await third(client())
    const elsewhere = location.replace(`/v2/${NAME}/`, '/v2/session/other/')
    for (const method of ['GET', 'PATCH', 'DELETE'])
      check(await client().ask({ method, path: elsewhere, body: '' }), {
        status: 404,
        code: 'BLOB_UPLOAD_UNKNOWN',
      })
    check(await client().put(closing(elsewhere, BLOB.digest), ''), {
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    await expectOffset(client(), location, '0-999')
  })

  test('survives in its own right next to others of the same blob', async () => {
    const [left, right] = [await third(client()), await third(client())]
    expect(left).not.toBe(right)
    check(await client().put(closing(left, BLOB.digest), BLOB.bytes.subarray(1000)), { status: 201 })
    await expectOffset(client(), right, '0-999')
    await expectCompletes(client(), right, 1000)
  })
})

const CANCEL: readonly Exchange[] = [
  // "DELETE location (new end-14) → 204 [S], unknown 404."
  {
    name: 'DELETE of a session is 204, and then it is gone',
    send: async (client) => ({ method: 'DELETE', path: await third(client) }),
    expect: { status: 204, body: '' },
  },
  {
    name: 'DELETE of an unknown session is 404',
    send: { method: 'DELETE', path: UNKNOWN },
    expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  },
  {
    name: 'GET of an unknown session is 404',
    send: { path: UNKNOWN },
    expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  },
  {
    name: 'PATCH of an unknown session is 404',
    send: { method: 'PATCH', path: UNKNOWN, body: 'x', headers: { 'content-range': '0-0' } },
    expect: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  },
  ...['x', '..', '%2e%2e', 'a'.repeat(500), '00000000-0000-0000-0000-000000000000'].map(
    (id): Exchange => ({
      name: `GET of the impossible session ${id.slice(0, 40)} is 404`,
      send: { path: `/v2/${NAME}/blobs/uploads/${id}` },
      expect: {
        status: [404, 400],
        code: ['BLOB_UPLOAD_UNKNOWN', 'NAME_INVALID', 'NAME_UNKNOWN', 'UNSUPPORTED'],
      },
    }),
  ),
]

describe('cancelling', () => {
  play(CANCEL, client)

  test('leaves nothing at the URL, and the blob can be pushed anew', async () => {
    const location = await third(client())
    check(await client().delete(location), { status: 204 })
    for (const method of ['GET', 'PATCH', 'DELETE'])
      check(await client().ask({ method, path: location, body: '' }), {
        status: 404,
        code: 'BLOB_UPLOAD_UNKNOWN',
      })
    check(await client().put(closing(location, BLOB.digest), BLOB.bytes), {
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    check(await client().get(`/v2/${NAME}/blobs/${BLOB.digest}`), { status: 404 })
    await expectCompletes(client(), await openUpload(client(), NAME), 0)
  })

  test('works on a Location with parameters added', async () => {
    check(await client().delete(withQuery(await third(client()), '_state=x&ns=y')), { status: 204 })
  })
})
