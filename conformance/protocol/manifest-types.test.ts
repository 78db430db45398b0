import { describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { imageParts, useStrictServer } from './support/image-parts.ts'
import {
  DOCKER_IMAGE,
  DOCKER_LIST,
  descriptor,
  type Manifest,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
} from './support/images.ts'
import { putting, readsBack } from './support/manifest-rows.ts'
import { putManifest } from './support/push.ts'

/** P§1.5: the type of a manifest, from its header and its body. */
const NAME = 'manifest/types'
const PARTS = imageParts('manifest-write')
const client = useStrictServer(NAME, [PARTS.config, PARTS.layer])

/** A manifest of its own for each case. */
const made = (seed: string, more: object = {}): Manifest => PARTS.made({ annotations: { seed }, ...more })

const bare = manifest({ ...PARTS.base, annotations: { seed: 'bare' } })
const TYPES: readonly Exchange[] = [
  // "Type: header without parameters; if absent, empty or `application/json`, take `mediaType`; CL may send none."
  ...[
    ['with a charset', `${OCI_IMAGE}; charset=utf-8`],
    ['with a parameter and no space', `${OCI_IMAGE};x=y`],
    ['as application/json', 'application/json'],
    ['as application/json with a charset', 'application/json; charset=utf-8'],
    ['as nothing', ''],
    ['without the header'],
  ].flatMap(([name, type], at): Exchange[] => [
    {
      name: `an OCI image sent ${name} is stored as an OCI image`,
      send: putting(
        NAME,
        `typed-${at}`,
        made(`typed ${at}`),
        type === undefined ? {} : { 'content-type': type },
      ),
      expect: { status: 201 },
      after: readsBack(NAME, `typed-${at}`, made(`typed ${at}`)),
    },
  ]),
  // "OCI may omit mediaType (old suite does)"
  {
    name: 'an OCI image without mediaType',
    send: putting(NAME, 'bare', bare, { 'content-type': OCI_IMAGE }),
    expect: { status: 201 },
    after: readsBack(NAME, 'bare', bare),
  },
  {
    name: 'an OCI index without mediaType',
    send: putting(NAME, 'bare-index', manifest({ schemaVersion: 2, manifests: [] }), {
      'content-type': OCI_INDEX,
    }),
    expect: { status: 201 },
    after: readsBack(NAME, 'bare-index', manifest({ schemaVersion: 2, manifests: [] }), {
      mediaType: OCI_INDEX,
    }),
  },
  // "Docker types may not (DD `manifest/schema2/manifest.go` insists)"
  {
    name: 'a Docker image without mediaType is refused',
    send: putting(NAME, 'bad', bare, { 'content-type': DOCKER_IMAGE }),
    expect: { status: 400, code: 'MANIFEST_INVALID' },
  },
  {
    name: 'a Docker list without mediaType is refused',
    send: putting(NAME, 'bad', manifest({ schemaVersion: 2, manifests: [] }), {
      'content-type': DOCKER_LIST,
    }),
    expect: { status: 400, code: 'MANIFEST_INVALID' },
  },
  {
    name: 'an empty Docker list',
    send: putting(NAME, 'list', manifest({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests: [] })),
    expect: { status: 201 },
    after: readsBack(NAME, 'list', manifest({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests: [] })),
  },
  // "Body mediaType must agree → else 400."
  ...[OCI_INDEX, DOCKER_IMAGE, DOCKER_LIST].map(
    (type): Exchange => ({
      name: `an OCI image sent as ${type} is refused`,
      send: putting(NAME, 'bad', made('disagrees'), { 'content-type': type }),
      expect: { status: 400, code: 'MANIFEST_INVALID' },
    }),
  ),
  // "Reject bodies mixing `manifests` with `config`/`layers` (type confusion)." CVE-2021-41190
  ...[
    ['an image with manifests', made('mix', { manifests: [] })],
    ['an image without mediaType with manifests', manifest({ ...PARTS.base, manifests: [] })],
    ['an index with layers', manifest({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], layers: [] })],
    [
      'an index with a config',
      manifest({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [],
        config: descriptor(OCI_CONFIG, PARTS.config),
      }),
    ],
    [
      'an index without mediaType with layers',
      { ...manifest({ schemaVersion: 2, manifests: [], layers: [] }), mediaType: OCI_INDEX },
    ],
    ['a Docker image with manifests', manifest({ ...PARTS.base, mediaType: DOCKER_IMAGE, manifests: [] })],
    [
      'a Docker list with layers',
      manifest({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests: [], layers: [] }),
    ],
  ].flatMap(([name, body]): Exchange[] =>
    typeof body === 'string' || typeof name !== 'string' || body === undefined
      ? []
      : [
          {
            name: `${name} is refused`,
            send: putting(NAME, 'bad', body),
            expect: { status: 400, code: 'MANIFEST_INVALID' },
          },
        ],
  ),
  // "Schema1 (media types or schemaVersion 1) → 400 MANIFEST_INVALID naming the reason."
  ...[
    ['application/vnd.docker.distribution.manifest.v1+json', 1],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', 1],
    [OCI_IMAGE, 1],
    ['application/json', 1],
  ].map(
    ([type, version]): Exchange => ({
      name: `schema 1 as ${type} is refused, and told why`,
      send: putting(
        NAME,
        'bad',
        manifest({ schemaVersion: version, name: 'x', tag: 'y', fsLayers: [], history: [] }),
        {
          'content-type': String(type),
        },
      ),
      expect: { status: 400, code: 'MANIFEST_INVALID' },
      after: async (_client, reply) => expect(reply.text).toMatch(/schema ?(version)? ?1/i),
    }),
  ),
  ...[
    'text/plain',
    'application/octet-stream',
    'application/vnd.oci.image.layer.v1.tar',
    'nonsense',
    'a/b/c;;',
  ].map(
    (type): Exchange => ({
      name: `a manifest sent as ${type} is refused`,
      send: putting(NAME, 'bad', bare, { 'content-type': type }),
      expect: { status: [400, 415], code: 'MANIFEST_INVALID' },
    }),
  ),
]

describe('types', () => {
  play(TYPES, client)

  test('nothing that was refused left a tag', async () => {
    check(await client().get(`/v2/${NAME}/manifests/bad`), { status: 404 })
  })

  // lessons §3b: "stored type never changes on re-push of same digest with another type"
  test('the same bytes under another type do not change the stored type', async () => {
    const body = manifest({ ...PARTS.base, annotations: { seed: 'retyped' } })
    check(await putManifest(client(), NAME, body.digest, body), { status: 201 })
    for (const type of [OCI_INDEX, DOCKER_IMAGE, DOCKER_LIST, 'application/json']) {
      const again = await client().put(`/v2/${NAME}/manifests/${body.digest}`, body.bytes, {
        'content-type': type,
      })
      expect([201, 400], again.text).toContain(again.status)
      await readsBack(NAME, body.digest, body)(client(), again)
    }
  })
})
