import { describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check, type Exchange, play } from './support/exchange.ts'
import { created, expectAbsent, expectThere } from './support/expect-blob.ts'
import { blob, type Content, content } from './support/images.ts'
import { beginUpload, closing, locationOf, openUpload } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.3: every way in which a client may bring a blob. Chunks and sessions are in upload-session.test.ts. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const NAME = 'write/app'
const POST = `/v2/${NAME}/blobs/uploads/`

const OPENING: readonly Exchange[] = [
  // "→ 202 [M], `Location` [M], `Docker-Upload-UUID`, `Range: 0-0`, empty body [N: Koa writes the reason phrase]"
  {
    name: 'POST opens a session',
    send: { method: 'POST', path: POST, body: '' },
    expect: {
      status: 202,
      // "Location form: path-absolute relative URL under /v2/<name>/blobs/uploads/<uuid>, no escapes in the path"
      headers: {
        location: new RegExp(`^/v2/${NAME}/blobs/uploads/[A-Za-z0-9_-]+(\\?[^#]*)?$`),
        'docker-upload-uuid': /^\S+$/,
        range: '0-0',
        'content-length': '0',
      },
      body: '',
    },
    after: async (_client, reply) => {
      expect(locationOf(reply)).toContain(reply.header('docker-upload-uuid') ?? 'no uuid')
    },
  },
  // "GG starts uploads with `Content-Type: application/json` and an empty body"
  {
    name: 'POST with a JSON type and no body opens a session',
    send: { method: 'POST', path: POST, body: '', headers: { 'content-type': 'application/json' } },
    expect: { status: 202, headers: { range: '0-0' } },
  },
  {
    name: 'POST of an empty chunked body opens a session',
    send: { method: 'POST', path: POST, chunks: [] },
    expect: { status: 202 },
  },
  // "`?digest-algorithm=sha512` (new): validate; unsupported → 400."
  ...['sha256', 'sha512'].map(
    (algorithm): Exchange => ({
      name: `POST ?digest-algorithm=${algorithm} opens a session`,
      send: { method: 'POST', path: `${POST}?digest-algorithm=${algorithm}`, body: '' },
      expect: { status: 202 },
    }),
  ),
  ...['md5', 'SHA256', 'sha1', 'blake3'].map(
    (algorithm): Exchange => ({
      name: `POST ?digest-algorithm='${algorithm}' is refused`,
      send: { method: 'POST', path: `${POST}?digest-algorithm=${algorithm}`, body: '' },
      expect: { status: 400, code: ['DIGEST_INVALID', 'UNSUPPORTED'] },
    }),
  ),
]

describe('opening', () => play(OPENING, client))

/** One way to send a whole blob; resolves with the answer that must be the 201. */
interface Way {
  readonly name: string
  readonly send: (client: Client, bytes: Content, digest: string) => Promise<unknown>
}

const WAYS: readonly Way[] = [
  {
    // "`?digest=D` + body (single POST, optional): 201 + Location + DCD"
    name: 'one POST',
    send: async (client, { bytes }, digest) =>
      check(
        await client.post(`${POST}?digest=${digest}`, bytes, { 'content-type': 'application/octet-stream' }),
        created(NAME, digest),
      ),
  },
  {
    name: 'one POST without a length',
    send: async (client, { bytes }, digest) =>
      check(
        await client.ask({
          method: 'POST',
          path: `${POST}?digest=${encodeURIComponent(digest)}`,
          chunks: pieces(bytes, 1000),
        }),
        created(NAME, digest),
      ),
  },
  {
    name: 'POST, PUT with the whole body',
    send: async (client, { bytes }, digest) =>
      check(await client.put(closing(await openUpload(client, NAME), digest), bytes), created(NAME, digest)),
  },
  {
    name: 'POST, PUT with the whole body, chunked',
    send: async (client, { bytes }, digest) =>
      check(
        await client.ask({
          method: 'PUT',
          path: closing(await openUpload(client, NAME), digest),
          chunks: pieces(bytes, 700),
        }),
        created(NAME, digest),
      ),
  },
  {
    name: 'POST, PUT with the whole body and its Content-Range',
    send: async (client, { bytes }, digest) =>
      check(
        await client.put(closing(await openUpload(client, NAME), digest), bytes, {
          'content-range': `0-${bytes.length - 1}`,
        }),
        created(NAME, digest),
      ),
  },
  {
    // docker, podman: one streamed PATCH, then an empty PUT
    name: 'POST, one streamed PATCH, empty PUT',
    send: async (client, { bytes }, digest) => {
      const path = await openUpload(client, NAME)
      const patched = await client.ask({ method: 'PATCH', path, chunks: pieces(bytes, 999) })
      check(patched, { status: 202, headers: { range: `0-${bytes.length - 1}` } })
      check(await client.put(closing(locationOf(patched), digest)), created(NAME, digest))
    },
  },
  {
    name: 'POST, streamed PATCHes one after the other, PUT with the rest',
    send: async (client, { bytes }, digest) => {
      const half = Math.floor(bytes.length / 2)
      const location = await beginUpload(client, NAME, bytes.subarray(0, half))
      check(await client.put(closing(location, digest), bytes.subarray(half)), created(NAME, digest))
    },
  },
  {
    name: 'POST, PATCHes with Content-Range, PUT with the last chunk',
    send: async (client, { bytes }, digest) => chunked(client, bytes, digest, true),
  },
  {
    name: 'POST, PATCHes with Content-Range, empty PUT',
    send: async (client, { bytes }, digest) => chunked(client, bytes, digest, false),
  },
  {
    // "RC can send `digest` twice on a closing PUT (it appends to a URL it already appended to)"
    name: 'POST, PUT with the digest twice',
    send: async (client, { bytes }, digest) =>
      check(
        await client.put(closing(closing(await openUpload(client, NAME), digest), digest), bytes),
        created(NAME, digest),
      ),
  },
  {
    name: 'POST ?digest-algorithm, PATCH, PUT',
    send: async (client, { bytes }, digest) => {
      const location = await openUpload(client, NAME, `?digest-algorithm=${digest.split(':')[0]}`)
      check(await client.patch(location, bytes), { status: 202 })
      check(await client.put(closing(location, digest)), created(NAME, digest))
    },
  },
]

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, part) =>
    bytes.subarray(part * size, (part + 1) * size),
  )
}

async function chunked(client: Client, bytes: Buffer, digest: string, lastInPut: boolean): Promise<void> {
  let location = await openUpload(client, NAME)
  const chunks = pieces(bytes, 1024)
  const last = lastInPut ? chunks.pop() : undefined
  let offset = 0
  for (const chunk of chunks) {
    const end = offset + chunk.length - 1
    const reply = await client.patch(location, chunk, {
      'content-range': `${offset}-${end}`,
      'content-type': 'application/octet-stream',
    })
    // "202 [M] + `Location` [M] + `Range: 0-<last>` [M], no `bytes=` prefix, cumulative for the whole blob"
    check(reply, { status: 202, headers: { range: `0-${end}`, 'docker-upload-uuid': /\S/ }, body: '' })
    location = locationOf(reply)
    offset += chunk.length
  }
  const headers = last === undefined ? {} : { 'content-range': `${offset}-${bytes.length - 1}` }
  check(await client.put(closing(location, digest), last ?? '', headers), created(NAME, digest))
}

// "the algorithm is learnt at the closing PUT, so sha256 and sha512 must both be computable at close."
describe.each(['sha256', 'sha512'] as const)('a blob pushed under its %s', (algorithm) => {
  test.each(WAYS)('by $name', async ({ name, send }) => {
    const made = blob(`blob-write/${algorithm}/${name}`, 5000)
    const digest = algorithm === 'sha256' ? made.digest : made.sha512
    await expectAbsent(client(), NAME, digest)
    await send(client(), made, digest)
    await expectThere(client(), NAME, { digest, bytes: made.bytes })
  })

  // "mismatch 400"; "Mismatch 400 DIGEST_INVALID, never visible."
  test.each(WAYS)('with another digest is refused, by $name', async ({ name, send }) => {
    const made = blob(`blob-write/bad/${algorithm}/${name}`, 5000)
    const wrong = blob(`blob-write/wrong/${algorithm}/${name}`, 10)
    const claimed = algorithm === 'sha256' ? wrong.digest : wrong.sha512
    await expect(send(client(), made, claimed)).rejects.toThrow(/DIGEST_INVALID/)
    await expectAbsent(client(), NAME, claimed)
    await expectAbsent(client(), NAME, made.digest)
    await expectAbsent(client(), NAME, made.sha512)
  })

  test.each([
    ['the empty blob', Buffer.alloc(0)],
    ['{}', Buffer.from('{}')],
    ['a blob of one byte', Buffer.from([0])],
  ])('%s', async (_name, bytes) => {
    const made = content(bytes)
    const digest = algorithm === 'sha256' ? made.digest : made.sha512
    check(await client().put(closing(await openUpload(client(), NAME), digest), bytes), created(NAME, digest))
    await expectThere(client(), NAME, { digest, bytes })
    check(await client().post(`${POST}?digest=${digest}`, bytes), created(NAME, digest))
  })
})
