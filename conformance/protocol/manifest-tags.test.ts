import { beforeAll, describe, expect, test } from 'vitest'
import { check, titled } from './support/exchange.ts'
import {
  descriptor,
  image,
  type Manifest,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_LAYER,
} from './support/images.ts'
import { pushBlob, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/** P§1.5: `?tag=` on a PUT by digest. */
const lamina = useServer({ LAMINA_AUTH: 'off', LAMINA_ALLOW_SPARSE: 'false' })
const client = () => lamina.now.client

const NAME = 'manifest/write'
const IMAGE = image('manifest-write')
const [CONFIG = IMAGE, LAYER = IMAGE] = IMAGE.blobs
const BASE = {
  schemaVersion: 2,
  config: descriptor(OCI_CONFIG, CONFIG),
  layers: [descriptor(OCI_LAYER, LAYER)],
}

beforeAll(async () => {
  for (const each of IMAGE.blobs) await pushBlob(client(), NAME, each)
})

/** A manifest of its own for each case. */
function made(seed: string, more: object = {}): Manifest {
  return manifest({ ...BASE, mediaType: OCI_IMAGE, annotations: { seed }, ...more })
}

describe('?tag= on a PUT by digest (2026-04)', () => {
  const url = (each: Manifest, tags: readonly string[]) =>
    `/v2/${NAME}/manifests/${each.digest}?${tags.map((tag) => `tag=${tag}`).join('&')}`
  const send = async (each: Manifest, tags: readonly string[]) =>
    client().put(url(each, tags), each.bytes, { 'content-type': OCI_IMAGE })
  const numbered = (count: number) => Array.from({ length: count }, (_, at) => `p${count}-${at}`)

  // "up to ≥10 [S] […] `OCI-Tag` listing each accepted tag, comma or repeated [M if supported]"
  test.each([1, 2, 10])('%i tags', async (count) => {
    const each = made(`tags ${count}`)
    const reply = await send(each, numbered(count))
    check(reply, { status: 201, headers: { 'docker-content-digest': each.digest } })
    const listed = reply.lines('oci-tag').flatMap((line) => line.split(',').map((tag) => tag.trim()))
    expect(listed.toSorted()).toEqual(numbered(count).toSorted())
    for (const tag of numbered(count))
      check(await client().head(`/v2/${NAME}/manifests/${tag}`), {
        status: 200,
        headers: { 'docker-content-digest': each.digest },
      })
  })

  test('a PUT without ?tag= has no OCI-Tag', async () => {
    const each = made('no tags')
    check(await putManifest(client(), NAME, each.digest, each), {
      status: 201,
      headers: { 'oci-tag': undefined },
    })
  })

  test('a sha512 PUT gives its tags the sha512', async () => {
    const each = made('tags 512')
    check(await putManifest(client(), NAME, `${each.sha512}?tag=p512`, each), {
      status: 201,
      headers: { 'oci-tag': 'p512' },
    })
    check(await client().get(`/v2/${NAME}/manifests/p512`), {
      status: 200,
      headers: { 'docker-content-digest': each.sha512 },
    })
  })

  test('the same tag twice is one tag', async () => {
    const reply = await send(made('twice'), ['ptwice', 'ptwice'])
    check(reply, { status: 201 })
    expect(reply.lines('oci-tag').join(',')).toMatch(/^ptwice(, ?ptwice)?$/)
  })

  // "414 beyond your cap"
  test('too many tags are 414, and none is made', async () => {
    const each = made('too many')
    const reply = await send(each, numbered(3000))
    check(reply, { status: 414 })
    check(await client().get(`/v2/${NAME}/manifests/p3000-0`), { status: 404 })
    check(await client().get(`/v2/${NAME}/manifests/${each.digest}`), { status: 404 })
  })

  test.each(titled(['.bad', 'sp%20ace', '', 'a'.repeat(129), `sha256:${'0'.repeat(64)}`]))(
    'the impossible tag $shown makes none of them',
    async ({ text: bad }) => {
      const each = made(`bad tag ${bad}`)
      const reply = await send(each, ['pgood', bad])
      check(reply, { status: 400, code: ['TAG_INVALID', 'MANIFEST_INVALID'] })
      check(await client().get(`/v2/${NAME}/manifests/pgood`), { status: 404 })
      check(await client().get(`/v2/${NAME}/manifests/${each.digest}`), { status: 404 })
    },
  )

  // "On a tag PUT → 400 (OL)."
  test('on a PUT by tag they are refused', async () => {
    check(await putManifest(client(), NAME, 'ptag?tag=other', made('on a tag')), { status: 400 })
    for (const tag of ['ptag', 'other'])
      check(await client().get(`/v2/${NAME}/manifests/${tag}`), { status: 404 })
  })

  test('a digest that does not match makes no tag', async () => {
    const reply = await client().put(url(made('claimed'), ['pclaimed']), made('sent').bytes, {
      'content-type': OCI_IMAGE,
    })
    check(reply, { status: 400, code: 'DIGEST_INVALID' })
    check(await client().get(`/v2/${NAME}/manifests/pclaimed`), { status: 404 })
  })
})
