import { describe } from 'vitest'
import { type Exchange, play } from './support/exchange.ts'
import { image } from './support/images.ts'
import { pushImage } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§0: tags and digests in URLs. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client

const NAME = 'names/references'
const IMAGE = image('names/references')

const REFERENCES: readonly Exchange[] = [
  // "Asking for an INVALID tag or digest on GET/HEAD must be 404 (400 tolerated only for a bad digest): the
  // old suite reads manifest `.INVALID_MANIFEST_NAME` and insists on 404"
  ...['.INVALID_MANIFEST_NAME', '-dash', 'a'.repeat(129), 'sp%20ace', 'a+b', 'a@b'].flatMap(
    (tag): Exchange[] => [
      {
        name: `GET of the impossible tag ${tag.slice(0, 30)} is 404`,
        given: (client) => pushImage(client, NAME, IMAGE, 'v1'),
        send: { path: `/v2/${NAME}/manifests/${tag}` },
        expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
      },
      {
        name: `HEAD of the impossible tag ${tag.slice(0, 30)} is 404`,
        send: { method: 'HEAD', path: `/v2/${NAME}/manifests/${tag}` },
        expect: { status: 404 },
      },
      {
        name: `PUT to the impossible tag ${tag.slice(0, 30)} is 400`,
        send: {
          method: 'PUT',
          path: `/v2/${NAME}/manifests/${tag}`,
          headers: { 'content-type': IMAGE.mediaType },
          body: IMAGE.bytes,
        },
        expect: { status: 400, code: ['TAG_INVALID', 'MANIFEST_INVALID'] },
      },
    ],
  ),
  ...[
    'sha256:baddigeststring',
    `sha256:${'0'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha512:${'0'.repeat(64)}`,
    `md5:${'0'.repeat(32)}`,
    `blake3:${'0'.repeat(64)}`,
    'sha256:',
    ':',
    `sha256:${'0'.repeat(64)}:x`,
  ].flatMap((digest): Exchange[] => [
    {
      name: `GET of manifest ${digest.slice(0, 24)} (${digest.length}) is 404, or 400`,
      send: { path: `/v2/${NAME}/manifests/${digest}` },
      expect: { status: [404, 400], code: ['MANIFEST_UNKNOWN', 'DIGEST_INVALID'] },
    },
    {
      name: `GET of blob ${digest.slice(0, 24)} (${digest.length}) is 404, or 400`,
      send: { path: `/v2/${NAME}/blobs/${digest}` },
      expect: { status: [404, 400], code: ['BLOB_UNKNOWN', 'DIGEST_INVALID'] },
    },
    {
      name: `HEAD of blob ${digest.slice(0, 24)} (${digest.length}) is 404, or 400`,
      send: { method: 'HEAD', path: `/v2/${NAME}/blobs/${digest}` },
      expect: { status: [404, 400] },
    },
    // "Unsupported or malformed on push → 400 DIGEST_INVALID [S]."
    {
      name: `PUT of manifest ${digest.slice(0, 24)} (${digest.length}) is 400`,
      send: {
        method: 'PUT',
        path: `/v2/${NAME}/manifests/${digest}`,
        headers: { 'content-type': IMAGE.mediaType },
        body: IMAGE.bytes,
      },
      expect: { status: 400, code: 'DIGEST_INVALID' },
    },
  ]),
  // "Percent-decode the reference (`sha256%3A…`)."
  {
    name: 'a percent-encoded digest is read',
    send: { path: `/v2/${NAME}/manifests/${IMAGE.digest.replace(':', '%3A')}` },
    expect: { status: 200, body: IMAGE.bytes },
  },
  {
    name: 'a digest percent-encoded in lower case is read, for a blob too',
    send: async () => ({ path: `/v2/${NAME}/blobs/${IMAGE.blobs[0]?.digest.replace(':', '%3a')}` }),
    expect: { status: 200 },
  },
  {
    name: 'a tag of 128 characters is read',
    given: (client) => pushImage(client, NAME, IMAGE, `${'T.-_9'.repeat(25)}end`),
    send: { path: `/v2/${NAME}/manifests/${'T.-_9'.repeat(25)}end` },
    expect: { status: 200, body: IMAGE.bytes },
  },
]

describe('references', () => play(REFERENCES, client))
