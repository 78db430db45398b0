import { describe, expect, test } from 'vitest'
import { check, titled } from './support/exchange.ts'
import { imageParts, useStrictServer } from './support/image-parts.ts'
import { type Manifest, OCI_IMAGE } from './support/images.ts'
import { putManifest } from './support/push.ts'

/** P§1.5: `?tag=` on a PUT by digest. */
const NAME = 'manifest/tags'
const PARTS = imageParts('manifest-write')
const client = useStrictServer(NAME, [PARTS.config, PARTS.layer])

/** A manifest of its own for each case. */
const made = (seed: string, more: object = {}): Manifest => PARTS.made({ annotations: { seed }, ...more })

/** "Optional `If-Match`/`If-None-Match: *` on tag PUT → 412: spec invites conditional pushes." */
describe('a tag that changes under a condition', () => {
  const put = (tag: string, each: Manifest, headers: Record<string, string>) =>
    client().put(`/v2/${NAME}/manifests/${tag}`, each.bytes, { 'content-type': OCI_IMAGE, ...headers })
  const leadsTo = async (tag: string, digest: string | undefined) =>
    check(await client().head(`/v2/${NAME}/manifests/${tag}`), {
      status: digest === undefined ? 404 : 200,
      headers: { 'docker-content-digest': digest },
    })
  const [first, second] = [made('condition 1'), made('condition 2')]

  test('is made once, by whoever is first', async () => {
    check(await put('c-new', first, { 'if-none-match': '*' }), { status: 201 })
    check(await put('c-new', second, { 'if-none-match': '*' }), { status: 412, code: 'DENIED' })
    await leadsTo('c-new', first.digest)
  })

  test('of many at once one is first', async () => {
    const racers = Array.from({ length: 8 }, (_, at) => made(`racer ${at}`))
    const answers = await Promise.all(racers.map((each) => put('c-race', each, { 'if-none-match': '*' })))
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
      '201',
      ...Array.from({ length: 7 }, () => '412'),
    ])
    await leadsTo('c-race', racers[answers.findIndex(({ status }) => status === 201)]?.digest)
  })

  test('moves only from where its writer has seen it', async () => {
    check(await put('c-move', first, { 'if-match': '*' }), { status: 412, code: 'DENIED' })
    await leadsTo('c-move', undefined)
    check(await put('c-move', first, {}), { status: 201 })
    check(await put('c-move', second, { 'if-match': `"${second.digest}"` }), { status: 412 })
    check(await put('c-move', second, { 'if-match': `"${first.digest}"` }), { status: 201 })
    await leadsTo('c-move', second.digest)
  })

  test('goes only from where it was seen', async () => {
    check(await put('c-gone', first, {}), { status: 201 })
    const remove = (digest: string) =>
      client().ask({
        method: 'DELETE',
        path: `/v2/${NAME}/manifests/c-gone`,
        headers: { 'if-match': `"${digest}"` },
      })
    check(await remove(second.digest), { status: 412, code: 'DENIED' })
    await leadsTo('c-gone', first.digest)
    check(await remove(first.digest), { status: 202 })
    await leadsTo('c-gone', undefined)
  })
})

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
