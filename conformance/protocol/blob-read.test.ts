import { describe, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { pushBlob } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import {
  BIG,
  BLOB,
  EMPTY,
  ETAG,
  NAME,
  SHA512,
  URL,
  useReadableBlobs,
  WHOLE,
} from './support/readable-blobs.ts'

/** P§1.2: GET and HEAD of a blob. Ranges are in blob-ranges.test.ts. */
const { server, client } = useReadableBlobs()

const PLAIN: readonly Exchange[] = [
  { name: 'GET', send: { path: URL }, expect: { status: 200, headers: WHOLE, body: BLOB.bytes } },
  { name: 'HEAD', send: { method: 'HEAD', path: URL }, expect: { status: 200, headers: WHOLE } },
  {
    name: 'GET of 3 MB',
    send: { path: `/v2/${NAME}/blobs/${BIG.digest}` },
    expect: { status: 200, headers: { 'content-length': String(BIG.size) }, body: BIG.bytes },
  },
  ...['GET', 'HEAD'].map(
    (method): Exchange => ({
      name: `${method} by sha512 answers with the sha512`,
      send: { method, path: `/v2/${NAME}/blobs/${SHA512.sha512}` },
      expect: {
        status: 200,
        headers: {
          'docker-content-digest': SHA512.sha512,
          'content-length': '700',
          etag: `"${SHA512.sha512}"`,
        },
        body: method === 'GET' ? SHA512.bytes : '',
      },
    }),
  ),
  // "404 BLOB_UNKNOWN if not linked in THIS repo, also for a repo that does not exist"
  ...['read/other', 'nowhere/at/all', NAME].map(
    (name): Exchange => ({
      name: `GET in ${name} of a digest that it lacks is 404 BLOB_UNKNOWN`,
      given: (client) => pushBlob(client, 'read/other', blob('blob-read/other', 10)),
      send: { path: `/v2/${name}/blobs/${name === NAME ? blob('blob-read/never', 1).digest : BLOB.digest}` },
      expect: { status: 404, code: 'BLOB_UNKNOWN' },
    }),
  ),
  {
    name: 'HEAD of an absent blob is 404',
    send: { method: 'HEAD', path: `/v2/nowhere/blobs/${BLOB.digest}` },
    expect: { status: 404 },
  },
  // "Zero-byte blob: 200, `Content-Length: 0` on both methods; any Range on it is ignored"
  ...['GET', 'HEAD'].flatMap((method): Exchange[] =>
    [undefined, 'bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=5-9', 'bytes=0-1,3-4'].map(
      (range): Exchange => ({
        name: `${method} of the empty blob with range ${range} is 200`,
        send: {
          method,
          path: `/v2/${NAME}/blobs/${EMPTY.digest}`,
          headers: range === undefined ? {} : { range },
        },
        expect: { status: 200, headers: { 'content-length': '0', 'content-range': undefined }, body: '' },
      }),
    ),
  ),
]

describe('a blob', () => play(PLAIN, client))

// "Honour `If-None-Match` (304) and `If-Range`."
const CONDITIONS: readonly Exchange[] = [
  ...[ETAG, '*', `"other", ${ETAG}`, `W/${ETAG}`].flatMap((tag): Exchange[] =>
    ['GET', 'HEAD'].map(
      (method): Exchange => ({
        name: `${method} If-None-Match ${tag.slice(0, 20)} is 304`,
        send: { method, path: URL, headers: { 'if-none-match': tag } },
        expect: { status: 304, headers: { etag: ETAG, 'cache-control': /immutable/ }, body: '' },
      }),
    ),
  ),
  {
    name: 'If-None-Match of something else is 200',
    send: { path: URL, headers: { 'if-none-match': '"sha256:other"' } },
    expect: { status: 200, body: BLOB.bytes },
  },
  // RFC 9110 §13.1.1: the method MUST NOT be performed when If-Match is false.
  ...['GET', 'HEAD'].flatMap((method): Exchange[] => [
    ...['"sha256:other"', 'W/"sha256:other", "x"'].map(
      (tag): Exchange => ({
        name: `${method} If-Match ${tag} is 412`,
        send: { method, path: URL, headers: { 'if-match': tag, range: 'bytes=0-1' } },
        expect: { status: 412, ...(method === 'GET' && { code: 'DENIED' }) },
      }),
    ),
    ...[ETAG, BLOB.digest, '*', `"other", ${ETAG}`].map(
      (tag): Exchange => ({
        name: `${method} If-Match ${tag.slice(0, 20)} is 200`,
        send: { method, path: URL, headers: { 'if-match': tag } },
        expect: { status: 200 },
      }),
    ),
  ]),
  {
    name: 'If-Match is looked at before If-None-Match',
    send: { path: URL, headers: { 'if-match': '"other"', 'if-none-match': ETAG } },
    expect: { status: 412 },
  },
  {
    name: 'If-None-Match wins over Range',
    send: { path: URL, headers: { 'if-none-match': ETAG, range: 'bytes=0-1' } },
    expect: { status: 304 },
  },
  {
    name: 'If-None-Match of an absent blob is 404',
    send: { path: `/v2/nowhere/blobs/${BLOB.digest}`, headers: { 'if-none-match': '*' } },
    expect: { status: 404 },
  },
  {
    name: 'If-Range that matches gives the range',
    send: { path: URL, headers: { 'if-range': ETAG, range: 'bytes=5-6' } },
    expect: { status: 206, body: BLOB.bytes.subarray(5, 7) },
  },
  ...['"other"', `W/${ETAG}`, 'Wed, 21 Oct 2015 07:28:00 GMT'].map(
    (value): Exchange => ({
      name: `If-Range ${value.slice(0, 12)} that does not match gives all`,
      send: { path: URL, headers: { 'if-range': value, range: 'bytes=5-6' } },
      expect: { status: 200, body: BLOB.bytes },
    }),
  ),
  {
    name: 'If-Range that does not match makes an impossible range harmless',
    send: { path: URL, headers: { 'if-range': '"other"', range: 'bytes=5000-' } },
    expect: { status: 200, body: BLOB.bytes },
  },
]

describe('conditions', () => play(CONDITIONS, client))

describe('a client that hangs up', () => {
  // "Expect clients to hang up early: […] Destroy the source stream on close, do not log as errors": the registry's log is
  // judged at its end.
  test('twenty half-read downloads leave a server that serves', async () => {
    for (let round = 0; round < 20; round += 1) {
      const connection = await RawConnection.open(server.now.url)
      connection.write(head(`GET /v2/${NAME}/blobs/${BIG.digest} HTTP/1.1`, 'Host: x', 'Range: bytes=1000-'))
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      connection.destroy()
    }
    check(await client().get(`/v2/${NAME}/blobs/${BIG.digest}`), { status: 200, body: BIG.bytes })
  })
})
