import { describe, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { imageParts, useStrictServer } from './support/image-parts.ts'
import { image, index, type Manifest, OCI_IMAGE } from './support/images.ts'
import { putting, readsBack } from './support/manifest-rows.ts'
import { locationOf, pushImage, putManifest } from './support/push.ts'

/** P§1.5: PUT of a manifest by tag and by digest. */
const NAME = 'manifest/write'
const PARTS = imageParts('manifest-write')
const client = useStrictServer(NAME, [PARTS.config, PARTS.layer])

/** A manifest of its own for each case. */
const made = (seed: string, more: object = {}): Manifest => PARTS.made({ annotations: { seed }, ...more })

const REFERENCES: readonly Exchange[] = [
  // "201 [M], Location pullable [M], DCD [C: docker classic parses it or fails the push, MBv Put]."
  {
    name: 'by tag',
    send: putting(NAME, 'v1', made('tag')),
    expect: {
      status: 201,
      headers: {
        'docker-content-digest': made('tag').digest,
        location: new RegExp(`^/v2/${NAME}/manifests/`),
        'oci-subject': undefined,
      },
      body: '',
    },
    after: readsBack(NAME, 'v1', made('tag')),
  },
  {
    name: 'by sha256',
    send: putting(NAME, made('sha256').digest, made('sha256')),
    expect: { status: 201, headers: { 'docker-content-digest': made('sha256').digest } },
    after: readsBack(NAME, made('sha256').digest, made('sha256')),
  },
  {
    name: 'by sha512',
    send: putting(NAME, made('sha512').sha512, made('sha512')),
    expect: { status: 201, headers: { 'docker-content-digest': made('sha512').sha512 } },
    after: readsBack(NAME, made('sha512').sha512, made('sha512'), { digest: made('sha512').sha512 }),
  },
  {
    name: 'by a percent-encoded digest',
    send: putting(NAME, made('encoded').digest.replace(':', '%3A'), made('encoded')),
    expect: { status: 201, headers: { 'docker-content-digest': made('encoded').digest } },
    after: readsBack(NAME, made('encoded').digest, made('encoded')),
  },
  // "By digest: recompute in that algorithm, mismatch or malformed → 400 DIGEST_INVALID."
  ...(['digest', 'sha512'] as const).map(
    (key): Exchange => ({
      name: `by the ${key} of other bytes is refused`,
      send: putting(NAME, made('other')[key], made('mismatch')),
      expect: { status: 400, code: 'DIGEST_INVALID' },
      after: async (client) => {
        for (const each of [made('other'), made('mismatch')])
          check(await client.get(`/v2/${NAME}/manifests/${each[key]}`), { status: 404 })
      },
    }),
  ),
  // "By tag: sha256, unless `?digest=` names another (RC experimental)."
  {
    name: 'by tag with ?digest=sha512',
    send: putting(NAME, `wide?digest=${made('wide').sha512}`, made('wide')),
    expect: { status: 201, headers: { 'docker-content-digest': made('wide').sha512 } },
    after: readsBack(NAME, 'wide', made('wide'), { digest: made('wide').sha512 }),
  },
  {
    name: 'by tag with a ?digest of other bytes is refused',
    send: putting(NAME, `unmoved?digest=${made('other').digest}`, made('wide')),
    expect: { status: 400, code: 'DIGEST_INVALID' },
    after: async (client) => check(await client.get(`/v2/${NAME}/manifests/unmoved`), { status: 404 }),
  },
  {
    name: 'a tag moves',
    given: (client) => putManifest(client, NAME, 'moving', made('before')),
    send: putting(NAME, 'moving', made('after')),
    expect: { status: 201 },
    after: async (client, reply) => {
      await readsBack(NAME, 'moving', made('after'))(client, reply)
      await readsBack(NAME, made('before').digest, made('before'))(client, reply)
    },
  },
  {
    // "manifests arrive chunked with no Content-Length (the v2 suite does it for every manifest)"
    name: 'chunked, without Content-Length',
    send: {
      method: 'PUT',
      path: `/v2/${NAME}/manifests/chunked`,
      headers: { 'content-type': OCI_IMAGE },
      chunks: [made('chunked').bytes.subarray(0, 50), made('chunked').bytes.subarray(50)],
    },
    expect: { status: 201 },
    after: readsBack(NAME, 'chunked', made('chunked')),
  },
]

describe('a manifest is put', () => {
  play(REFERENCES, client)

  test('and its Location gives it back', async () => {
    for (const reference of ['located', made('located').digest, made('located').sha512]) {
      const location = locationOf(await putManifest(client(), NAME, reference, made('located')))
      check(await client().get(location), { status: 200, body: made('located').bytes })
    }
  })
})

describe('read your writes', () => {
  // "index PUT right after children"
  test('an index goes in right after its children', async () => {
    const children = [image('manifest-write/left'), image('manifest-write/right')]
    await Promise.all(children.map(async (child) => pushImage(client(), NAME, child)))
    check(await putManifest(client(), NAME, 'family', index(children)), { status: 201 })
    for (const child of children)
      check(await client().get(`/v2/${NAME}/manifests/${child.digest}`), { status: 200, body: child.bytes })
  })
})
