import { beforeAll, describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import {
  DOCKER_CONFIG,
  DOCKER_IMAGE,
  DOCKER_LAYER,
  image,
  index,
  OCI_IMAGE,
  OCI_INDEX,
} from './support/images.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { askRaw } from './support/raw.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.4: GET and HEAD of a manifest. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client

const NAME = 'manifest/read'
const IMAGE = image('manifest-read')
const INDEX = index([IMAGE])
const DOCKER = image('manifest-read/docker', {
  mediaType: DOCKER_IMAGE,
  config: dockerised(0),
  layers: [dockerised(1)],
})
const SHA512 = image('manifest-read/512')

function dockerised(which: number): object {
  const source = image('manifest-read/docker').blobs[which]
  return { mediaType: which === 0 ? DOCKER_CONFIG : DOCKER_LAYER, digest: source?.digest, size: source?.size }
}

const ALL = [
  ['an OCI image', IMAGE, 'v1', IMAGE.digest],
  ['an OCI index', INDEX, 'index', INDEX.digest],
  ['a Docker image', DOCKER, 'docker', DOCKER.digest],
  ['an image pushed by sha512', SHA512, 'wide', SHA512.sha512],
] as const

beforeAll(async () => {
  await pushImage(client(), NAME, IMAGE, 'v1')
  await pushImage(client(), NAME, INDEX, 'index')
  for (const each of image('manifest-read/docker').blobs) await pushBlob(client(), NAME, each)
  check(await putManifest(client(), NAME, 'docker', DOCKER), { status: 201 })
  for (const each of SHA512.blobs) await pushBlob(client(), NAME, each)
  // "suite `tag-param-sha512` wants sha512 back on the tag, so a tag stores algorithm+digest"
  check(await putManifest(client(), NAME, `${SHA512.sha512}?tag=wide`, SHA512), { status: 201 })
})

// "Byte-exact body [M], stored Content-Type, Content-Length, DCD [M, now required], ETag quoted digest"
// "DCD equals the requested digest, in its algorithm. For a tag it must be the digest as pushed"
const READS: readonly Exchange[] = ALL.flatMap(([name, made, tag, digest]) =>
  [tag, digest].flatMap((reference): Exchange[] =>
    ['GET', 'HEAD'].map(
      (method): Exchange => ({
        name: `${method} of ${name} by ${reference === tag ? 'tag' : 'digest'}`,
        send: {
          method,
          path: `/v2/${NAME}/manifests/${reference}`,
          headers: { accept: [OCI_IMAGE, OCI_INDEX] },
        },
        expect: {
          status: 200,
          headers: {
            // "must be bare, no `; charset` [M][C]"
            'content-type': made.mediaType,
            'content-length': String(made.size),
            'docker-content-digest': digest,
            etag: `"${digest}"`,
          },
          body: method === 'GET' ? made.bytes : '',
        },
      }),
    ),
  ),
)

describe('a manifest', () => play(READS, client))

// "Accept: answer the stored type always, never convert, never 406. CL sends six separate types, OG a single
// exact type, CD adds `*/*`, suite two header lines."
const ACCEPTS: readonly (string | readonly string[] | undefined)[] = [
  undefined,
  '*/*',
  'application/json',
  'text/html',
  DOCKER_IMAGE,
  `${DOCKER_IMAGE}, */*;q=0`,
  [OCI_INDEX, DOCKER_IMAGE],
  '',
  ';;;,,,q=x',
]

describe('Accept', () => {
  test.each(ACCEPTS.flatMap((accept) => ALL.map(([name, made, tag]) => ({ accept, name, made, tag }))))(
    '$accept gets $name as it is',
    async ({ accept, made, tag }) => {
      const reply = await client().get(`/v2/${NAME}/manifests/${tag}`, accept === undefined ? {} : { accept })
      check(reply, { status: 200, headers: { 'content-type': made.mediaType }, body: made.bytes })
    },
  )
})

const TAG_URL = `/v2/${NAME}/manifests/v1`
const CONDITIONS: readonly Exchange[] = [
  // "304 on If-None-Match (quoted or bare; DD `manifests.go` etagMatch)"
  ...[`"${IMAGE.digest}"`, IMAGE.digest, '*', `"sha256:x", "${IMAGE.digest}"`, `W/"${IMAGE.digest}"`].flatMap(
    (value): Exchange[] =>
      ['GET', 'HEAD'].map(
        (method): Exchange => ({
          name: `${method} If-None-Match ${value.slice(0, 16)} is 304`,
          send: { method, path: TAG_URL, headers: { 'if-none-match': value } },
          expect: { status: 304, headers: { etag: `"${IMAGE.digest}"` }, body: '' },
        }),
      ),
  ),
  {
    name: 'If-None-Match of another digest is 200',
    send: { path: TAG_URL, headers: { 'if-none-match': `"${INDEX.digest}"` } },
    expect: { status: 200, body: IMAGE.bytes },
  },
  ...['GET', 'HEAD'].flatMap((method): Exchange[] => [
    {
      name: `${method} If-Match of what the tag led to before is 412`,
      send: { method, path: TAG_URL, headers: { 'if-match': `"${INDEX.digest}"` } },
      expect: { status: 412, ...(method === 'GET' && { code: 'DENIED' }) },
    },
    {
      name: `${method} If-Match of what the tag leads to is 200`,
      send: { method, path: TAG_URL, headers: { 'if-match': `"${IMAGE.digest}"` } },
      expect: { status: 200 },
    },
  ]),
  // "CD may send `Range: bytes=0-` for manifests; 200 is fine."
  ...['bytes=0-', 'bytes=0-9', 'bytes=999999-'].map(
    (range): Exchange => ({
      name: `Range ${range} on a manifest is ignored`,
      send: { path: TAG_URL, headers: { range } },
      expect: { status: 200, headers: { 'content-length': String(IMAGE.size) }, body: IMAGE.bytes },
    }),
  ),
  // "404 MANIFEST_UNKNOWN (repo exists) or NAME_UNKNOWN."
  {
    name: 'an absent tag is 404 MANIFEST_UNKNOWN',
    send: { path: `/v2/${NAME}/manifests/absent` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  {
    name: 'an absent digest is 404 MANIFEST_UNKNOWN',
    send: { path: `/v2/${NAME}/manifests/sha256:${'0'.repeat(64)}` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  {
    name: 'an absent repository is 404',
    send: { path: '/v2/no/such/repository/manifests/v1' },
    expect: { status: 404, code: ['NAME_UNKNOWN', 'MANIFEST_UNKNOWN'] },
  },
  {
    name: 'a manifest of another repository is 404',
    given: (client) => pushImage(client, 'manifest/elsewhere', image('manifest-read/elsewhere'), 'v1'),
    send: { path: `/v2/manifest/elsewhere/manifests/${IMAGE.digest}` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  // "CD after a 404 by digest asks HEAD `/blobs/<digest>` too; do not serve manifests there with a wrong type"
  {
    name: 'a manifest is not a blob',
    send: { method: 'HEAD', path: `/v2/${NAME}/blobs/${IMAGE.digest}` },
    expect: { status: 404 },
  },
  {
    name: 'a blob is not a manifest',
    send: { path: `/v2/${NAME}/manifests/${IMAGE.blobs[0]?.digest}` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  // "With sigstore attachments enabled CL looks up cosign tags on each pull and takes MANIFEST_UNKNOWN"
  {
    name: 'an absent cosign tag is 404 MANIFEST_UNKNOWN',
    send: { path: `/v2/${NAME}/manifests/${IMAGE.digest.replace(':', '-')}.sig` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
]

describe('conditions and misses', () => play(CONDITIONS, client))

describe('on the wire', () => {
  // [N] "set the header yourself, not through a helper that appends a charset."
  test('the header lines of a manifest are what clients compare, byte for byte', async () => {
    const reply = await askRaw(
      lamina.now.url,
      `GET ${TAG_URL} HTTP/1.1`,
      `Accept: ${OCI_IMAGE}`,
      `Accept: ${OCI_INDEX}`,
    )
    expect(reply.lines('content-type')).toEqual([OCI_IMAGE])
    expect(reply.lines('docker-content-digest')).toEqual([IMAGE.digest])
    expect(reply.lines('content-length')).toEqual([String(IMAGE.size)])
    expect(reply.lines('transfer-encoding')).toEqual([])
    expect(reply.body.equals(IMAGE.bytes)).toBe(true)
  })
})
