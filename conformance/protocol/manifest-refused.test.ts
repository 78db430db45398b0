import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { imageParts, useStrictServer } from './support/image-parts.ts'
import {
  artifact,
  blob,
  content,
  descriptor,
  EMPTY_JSON,
  image,
  index,
  type Manifest,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
} from './support/images.ts'
import { at, listAt } from './support/json.ts'
import { pushBlob, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/** P§1.5: manifests that are refused, and references that must be there first. */
const NAME = 'manifest/refused'
const EMPTY = content(Buffer.alloc(0))
const { config: CONFIG, layer: LAYER, made } = imageParts('manifest-content')
const client = useStrictServer(NAME, [CONFIG, LAYER, EMPTY_JSON, EMPTY])
const MISSING = [blob('missing/0', 10), blob('missing/1', 11), blob('missing/2', 12)] as const

const bytes = (text: string | Buffer): Manifest => ({ ...content(Buffer.from(text)), mediaType: OCI_IMAGE })
const good = made({}).bytes.toString()
const REFUSED: readonly (readonly [string, Manifest])[] = [
  ['nothing', bytes('')],
  ['no JSON', bytes('not json')],
  ['half a manifest', bytes(good.slice(0, good.length / 2))],
  ['something after the manifest', bytes(`${good}x`)],
  [
    'bytes that are not UTF-8',
    bytes(Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.from(', "x": "\xff\xfe"}', 'latin1')])),
  ],
  ...['null', '[]', '"text"', '7', 'true', '{}'].map((text) => [text, bytes(text)] as const),
  ['schemaVersion 3', made({ schemaVersion: 3 })],
  ['schemaVersion as text', made({ schemaVersion: '2' })],
  ['no schemaVersion', made({ schemaVersion: undefined })],
  ['no config', made({ config: undefined })],
  ['a config that is text', made({ config: CONFIG.digest })],
  ['layers that are no list', made({ layers: { 0: descriptor(OCI_LAYER, LAYER) } })],
  ['an index without manifests', manifest({ schemaVersion: 2, mediaType: OCI_INDEX })],
  [
    'an index whose manifests are no list',
    manifest({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: 'x' }),
  ],
  ['a layer without a digest', made({ layers: [{ mediaType: OCI_LAYER, size: 1 }] })],
  ['a layer without a size', made({ layers: [{ mediaType: OCI_LAYER, digest: LAYER.digest }] })],
  [
    'a layer with a malformed digest',
    made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), digest: 'sha256:../../x' }] }),
  ],
  ['a layer that is null', made({ layers: [null] })],
  ['a size below zero', made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), size: -1 }] })],
  ['a size with a fraction', made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), size: 1.5 }] })],
  ['a size as text', made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), size: '200' }] })],
  ['a size beyond all numbers', made({ layers: [{ ...descriptor(OCI_LAYER, LAYER), size: 1e300 }] })],
  ['a subject that is text', made({ subject: 'sha256:x' })],
  [
    'a subject with a malformed digest',
    made({ subject: { ...descriptor(OCI_IMAGE, made({})), digest: 'sha256:UPPER' } }),
  ],
  // Go's clients read `Layers` as `layers`, and the last of two: one manifest would be two images (CVE-2021-41190).
  ['layers twice', bytes(`${good.slice(0, -1)},"layers":[]}`)],
  ['Layers beside layers', bytes(`${good.slice(0, -1)},"Layers":[]}`)],
  ['Manifests in an image', bytes(`${good.slice(0, -1)},"MANIFESTS":[]}`)],
  ['two digests in a descriptor', bytes(good.replace('"digest"', `"Digest": "${LAYER.digest}", $&`))],
  [
    'Layers far behind, where nobody reads on',
    bytes(`${good.slice(0, -1)},"padding":"${'x'.repeat(400_000)}","Layers":[]}`),
  ],
  ['a byte order mark', bytes(`\ufeff${good}`)],
  ['a mediaType that is no text', { ...made({ mediaType: 7 }), mediaType: OCI_IMAGE }],
]

describe('refused with 400 MANIFEST_INVALID, tag and digest untouched', () => {
  test.each(REFUSED)('%s', async (_name, body) => {
    check(await putManifest(client(), NAME, 'refused', body), { status: 400, code: 'MANIFEST_INVALID' })
    check(await client().get(`/v2/${NAME}/manifests/refused`), { status: 404 })
    check(await client().get(`/v2/${NAME}/manifests/${body.digest}`), { status: 404 })
  })
})

describe('references that are missing', () => {
  // "refusal of missing blobs is allowed (400, one MANIFEST_BLOB_UNKNOWN per digest)"
  const sparse = made({
    config: descriptor(OCI_CONFIG, MISSING[0]),
    layers: [
      descriptor(OCI_LAYER, MISSING[1]),
      descriptor(OCI_LAYER, LAYER),
      descriptor(OCI_LAYER, MISSING[2]),
    ],
  })

  test('each is named once', async () => {
    const reply = await putManifest(client(), NAME, 'sparse', sparse)
    check(reply, { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
    const errors = listAt(reply.json, 'errors')
    expect(errors.map((error) => at(error, 'code'))).toEqual(MISSING.map(() => 'MANIFEST_BLOB_UNKNOWN'))
    for (const each of MISSING) expect(reply.text.split(each.digest).length, reply.text).toBeGreaterThan(1)
    check(await client().get(`/v2/${NAME}/manifests/sparse`), { status: 404 })
  })

  test('a blob of another repository does not count', async () => {
    const elsewhere = blob('manifest-content/elsewhere', 20)
    await pushBlob(client(), 'manifest/other', elsewhere)
    check(await putManifest(client(), NAME, 'sparse', made({ layers: [descriptor(OCI_LAYER, elsewhere)] })), {
      status: 400,
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
  })
})

describe('LAMINA_ALLOW_SPARSE', () => {
  const lenient = useServer({ LAMINA_AUTH: 'off', LAMINA_ALLOW_SPARSE: 'true' })

  // "Sparse: […] image manifests with missing layers by switch, on for the strict suite. `cosign load` PUTs
  // referrer manifests before their layers"
  test.each([
    ['an image without its layers', made({ layers: MISSING.map((each) => descriptor(OCI_LAYER, each)) })],
    ['an image without its config', image('manifest-content/no config')],
    ['an artifact before its layers', artifact('x/y', made({}), { layers: [descriptor('z/z', MISSING[0])] })],
    ['an index of nothing that is there', index([image('manifest-content/absent')])],
  ])('lets in %s', async (_name, body) => {
    check(await putManifest(lenient.now.client, 'sparse/app', body.digest, body), { status: 201 })
    check(await lenient.now.client.get(`/v2/sparse/app/manifests/${body.digest}`), {
      status: 200,
      body: body.bytes,
    })
  })
})
