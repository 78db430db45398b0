import { describe } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { imageParts, useStrictServer } from './support/image-parts.ts'
import {
  artifact,
  blob,
  content,
  DOCKER_CONFIG,
  DOCKER_IMAGE,
  DOCKER_LAYER,
  descriptor,
  EMPTY_JSON,
  image,
  index,
  type Manifest,
  manifest,
  OCI_EMPTY,
  OCI_IMAGE,
  OCI_LAYER,
} from './support/images.ts'

/** P§1.5: what may stand in a manifest. */
const NAME = 'manifest/content'
const EMPTY = content(Buffer.alloc(0))
const { config: CONFIG, layer: LAYER, made } = imageParts('manifest-content')
const client = useStrictServer(NAME, [CONFIG, LAYER, EMPTY_JSON, EMPTY])
const MISSING = [blob('missing/0', 10), blob('missing/1', 11), blob('missing/2', 12)] as const

function put(made: Manifest, reference = made.digest): Exchange['send'] {
  return {
    method: 'PUT',
    path: `/v2/${NAME}/manifests/${reference}`,
    headers: { 'content-type': made.mediaType },
    body: made.bytes,
  }
}

function accepted(name: string, body: Manifest): Exchange {
  return {
    name,
    send: put(body),
    expect: { status: 201, headers: { 'docker-content-digest': body.digest } },
    after: async (client) =>
      check(await client.get(`/v2/${NAME}/manifests/${body.digest}`), {
        status: 200,
        headers: { 'content-type': body.mediaType },
        body: body.bytes,
      }),
  }
}

const docker = (more: object): Manifest =>
  manifest({
    schemaVersion: 2,
    mediaType: DOCKER_IMAGE,
    config: descriptor(DOCKER_CONFIG, CONFIG),
    layers: [descriptor(DOCKER_LAYER, LAYER)],
    ...more,
  })
const foreign = (mediaType: string) =>
  descriptor(mediaType, MISSING[0], { urls: ['https://elsewhere.test/layer'] })

const ACCEPTED: readonly Exchange[] = [
  accepted('an image', made({})),
  accepted('a Docker image', docker({})),
  // "Ignore unknown fields, unknown artifactType/media types [M image-spec], `data` fields, empty `layers`, empty
  // `manifests`, zero-size descriptors, `{}` blobs."
  accepted(
    'unknown fields at every level',
    made({
      'x-custom': { deep: [1, { two: null }] },
      layers: [descriptor(OCI_LAYER, LAYER, { custom: true })],
    }),
  ),
  accepted('an unknown artifactType', made({ artifactType: 'application/vnd.nobody.knows+yaml' })),
  accepted(
    'unknown types of config and layer',
    made({ config: descriptor('application/x-config', CONFIG), layers: [descriptor('x/y', LAYER)] }),
  ),
  // "legacy config types octet-stream, json, text/html, empty occur (MB `registry.go` defaultImageTypes)"
  ...['application/octet-stream', 'application/json', 'text/html', ''].map((type) =>
    accepted(
      `a Docker image whose config has the type '${type}'`,
      docker({ config: descriptor(type, CONFIG) }),
    ),
  ),
  accepted('a data field', made({ config: descriptor(OCI_EMPTY, EMPTY_JSON, { data: 'e30=' }) })),
  accepted('no layers', made({ layers: [] })),
  accepted('a layer of zero bytes', made({ layers: [descriptor(OCI_LAYER, EMPTY)] })),
  accepted(
    'the same layer twice',
    made({ layers: [descriptor(OCI_LAYER, LAYER), descriptor(OCI_LAYER, LAYER)] }),
  ),
  accepted(
    'annotations with brackets, quotes and every script',
    made({ annotations: { a: `${'[{'.repeat(5000)}"\\\u2028`, ключ: '値' } }),
  ),
  accepted('an index without entries', index([], { annotations: { empty: 'yes' } })),
  accepted(
    'an index with platforms',
    index([made({})], {
      manifests: [
        descriptor(OCI_IMAGE, made({}), { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }),
      ],
    }),
  ),
  // "accept indexes with missing children always"
  accepted('an index whose children are missing', index([{ ...image('manifest-content/absent') }])),
  accepted('an index of an index', index([index([made({})])])),
  // "buildkit `image-manifest=false` caches are indexes whose entries are layer blobs and a cache-config blob"
  accepted(
    'an index of blobs',
    index([], {
      manifests: [
        descriptor(OCI_LAYER, LAYER),
        descriptor('application/vnd.buildkit.cacheconfig.v0', CONFIG),
      ],
    }),
  ),
  // "Do not demand: foreign/non-distributable layers with `urls`; subject; descriptors whose digest algorithm differs."
  accepted(
    'a foreign Docker layer',
    docker({ layers: [foreign('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')] }),
  ),
  accepted(
    'a non-distributable layer',
    made({ layers: [foreign('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')] }),
  ),
  accepted(
    'a layer by sha512 whose bytes came by sha256',
    made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), digest: LAYER.sha512 }] }),
  ),
  accepted(
    'a subject that is not there',
    made({ subject: descriptor(OCI_IMAGE, image('manifest-content/no subject')) }),
  ),
  {
    // "Deprecated `application/vnd.oci.artifact.manifest.v1+json`: store or 400; clients fall back."
    name: 'the deprecated artifact manifest is stored or refused',
    send: put(
      manifest({
        mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
        artifactType: 'x/y',
        blobs: [],
      }),
    ),
    expect: { status: [201, 400] },
  },
]

describe('accepted', () => play(ACCEPTED, client))

// "`subject`: accept even if absent in repo [M]; echo `OCI-Subject: <digest>` [M] for image AND index."
describe('OCI-Subject', () => {
  const subject = image('manifest-content/subject')
  const row = (name: string, body: Manifest, reference = body.digest): Exchange => ({
    name,
    send: put(body, reference),
    expect: { status: 201, headers: { 'oci-subject': subject.digest } },
  })
  play(
    [
      row('of an artifact', artifact('a/b', subject)),
      row('of an artifact put by tag', artifact('a/b', subject), 'artifact'),
      row('of an image', made({ subject: descriptor(OCI_IMAGE, subject) })),
      row('of an index', index([], { subject: descriptor(OCI_IMAGE, subject) })),
      {
        name: 'of a subject by sha512',
        send: put(made({ subject: { ...descriptor(OCI_IMAGE, subject), digest: subject.sha512 } })),
        expect: { status: 201, headers: { 'oci-subject': subject.sha512 } },
      },
      // Its referrers cannot be asked for here: told nothing, the client keeps its fallback tag.
      {
        name: 'is absent for a subject whose algorithm is not supported',
        send: put(
          made({ subject: { ...descriptor(OCI_IMAGE, subject), digest: `blake3:${'0'.repeat(64)}` } }),
        ),
        expect: { status: 201, headers: { 'oci-subject': undefined } },
      },
      {
        name: 'is absent without a subject',
        send: put(made({})),
        expect: { status: 201, headers: { 'oci-subject': undefined } },
      },
    ],
    client,
  )
})
