import { beforeAll, describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import {
  artifact,
  descriptor,
  EMPTY_JSON,
  image,
  index,
  type Manifest,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
} from './support/images.ts'
import { at, listAt, textAt } from './support/json.ts'
import { pagesFrom } from './support/paging.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.7: GET /v2/<name>/referrers/<digest>. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client

const NAME = 'referrers/app'
const SUBJECT = image('referrers/subject')
const LONELY = image('referrers/lonely')
const ABSENT = image('referrers/never pushed')
const CONFIG = SUBJECT.blobs[0] ?? SUBJECT
const notes = (note: string) => ({ annotations: { 'org.test.note': note, 'org.test.empty': '' } })

const SBOM = artifact('application/spdx+json', SUBJECT, notes('sbom'))
const SIGNATURE = artifact('application/vnd.test.signature', SUBJECT, notes('signature'))
const PLAIN = manifest({
  schemaVersion: 2,
  mediaType: OCI_IMAGE,
  config: descriptor(OCI_CONFIG, CONFIG),
  layers: [],
  subject: descriptor(OCI_IMAGE, SUBJECT),
  ...notes('image without artifactType'),
})
const INDEX = index([LONELY], {
  subject: descriptor(OCI_IMAGE, SUBJECT),
  ...notes('index without artifactType'),
})
const TYPED_INDEX = index([], {
  artifactType: 'application/vnd.test.signature',
  subject: descriptor(OCI_IMAGE, SUBJECT),
})
const ORPHAN = artifact('application/spdx+json', ABSENT)
const ALL: readonly Manifest[] = [SBOM, SIGNATURE, PLAIN, INDEX, TYPED_INDEX]

/** "Each: mediaType, size, digest, annotations of the manifest; `artifactType` = manifest's, else config mediaType
 * for images; omitted for an index without one [M]." */
function listed(made: Manifest): object {
  const body: unknown = JSON.parse(made.bytes.toString())
  const artifactType = at(body, 'artifactType') ?? at(body, 'config', 'mediaType')
  const annotations = at(body, 'annotations')
  return {
    mediaType: made.mediaType,
    digest: made.digest,
    size: made.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

const byDigest = (entries: readonly unknown[]) =>
  entries.toSorted((a, b) => (textAt(a, 'digest') < textAt(b, 'digest') ? -1 : 1))

async function expectListed(
  name: string,
  digest: string,
  query: string,
  made: readonly Manifest[],
): Promise<void> {
  const reply = await client().get(`/v2/${name}/referrers/${digest}${query}`)
  // "`Content-Type` of manifests and referrers must be bare, no `; charset` [M][C]"
  check(reply, { status: 200, headers: { 'content-type': OCI_INDEX } })
  // "Body: schemaVersion 2, mediaType index, `manifests` array."
  expect([at(reply.json, 'schemaVersion'), at(reply.json, 'mediaType')]).toEqual([2, OCI_INDEX])
  expect(byDigest(listAt(reply.json, 'manifests'))).toEqual(byDigest(made.map(listed)))
}

beforeAll(async () => {
  await pushImage(client(), NAME, SUBJECT, 'v1')
  await pushImage(client(), NAME, LONELY)
  await pushBlob(client(), NAME, EMPTY_JSON)
  for (const each of ALL)
    check(await putManifest(client(), NAME, each.digest, each), {
      status: 201,
      headers: { 'oci-subject': SUBJECT.digest },
    })
  // A referrer under a tag, and pushed twice, is still one referrer.
  check(await putManifest(client(), NAME, 'sbom', SBOM), { status: 201 })
  check(await putManifest(client(), NAME, ORPHAN.digest, ORPHAN), {
    status: 201,
    headers: { 'oci-subject': ABSENT.digest },
  })
})

describe('a list', () => {
  test('holds every kind of referrer once', async () => expectListed(NAME, SUBJECT.digest, '', ALL))

  test('is found by an encoded digest', async () =>
    expectListed(NAME, SUBJECT.digest.replace(':', '%3A'), '', ALL))

  // "accept even if absent in repo [M]"
  test('of a subject that was never pushed', async () => expectListed(NAME, ABSENT.digest, '', [ORPHAN]))

  // "**Never 404** [M]: unknown subject or not-yet-existing repo → 200 and an empty OCI index. OG probes with an
  // all-zero digest."
  test.each([
    ['a manifest without referrers', NAME, LONELY.digest],
    ['an unknown digest', NAME, `sha256:${'0'.repeat(64)}`],
    ['an unknown sha512', NAME, `sha512:${'0'.repeat(128)}`],
    ['a repository that does not exist', 'no/such/repository', `sha256:${'0'.repeat(64)}`],
    ['another repository that holds the subject', 'referrers/other', SUBJECT.digest],
  ])('of %s is empty', async (_name, name, digest) => {
    if (name === 'referrers/other') await pushImage(client(), name, SUBJECT, 'v1')
    await expectListed(name, digest, '', [])
  })

  // "Malformed digest 400 [M]."
  play(
    ['sha256:short', 'latest', `sha256:${'Z'.repeat(64)}`, `md5:${'0'.repeat(32)}`, 'sha256'].map(
      (digest): Exchange => ({
        name: `of the malformed ${digest.slice(0, 16)} is 400`,
        send: { path: `/v2/${NAME}/referrers/${digest}` },
        expect: { status: 400, code: 'DIGEST_INVALID' },
      }),
    ),
    client,
  )
})

// "`?artifactType=` filter + `OCI-Filters-Applied: artifactType` [M if applied]. CD repeats the parameter for
// several types and filters afterwards as OR: treat as union."
describe('a filter', () => {
  const type = (...types: readonly string[]) =>
    `?${types.map((each) => `artifactType=${encodeURIComponent(each)}`).join('&')}`

  test.each([
    ['one type', type('application/spdx+json'), [SBOM]],
    [
      'a type that an image and an index have',
      type('application/vnd.test.signature'),
      [SIGNATURE, TYPED_INDEX],
    ],
    ['a type that is the config of an image', type(OCI_CONFIG), [PLAIN]],
    ['two types as a union', type('application/spdx+json', OCI_CONFIG), [SBOM, PLAIN]],
    ['the same type twice', type('application/spdx+json', 'application/spdx+json'), [SBOM]],
    ['a type that nothing has', type('application/x-none'), []],
  ])('by %s', async (_name, query, made) => {
    const reply = await client().get(`/v2/${NAME}/referrers/${SUBJECT.digest}${query}`)
    check(reply, { status: 200, headers: { 'oci-filters-applied': 'artifactType' } })
    await expectListed(NAME, SUBJECT.digest, query, made)
  })

  test('that was not asked for is not reported', async () => {
    check(await client().get(`/v2/${NAME}/referrers/${SUBJECT.digest}`), {
      status: 200,
      headers: { 'oci-filters-applied': undefined },
    })
  })

  test('n, which oras may send, leaves no referrer out over all pages', async () => {
    const pages = await pagesFrom(client(), `/v2/${NAME}/referrers/${SUBJECT.digest}?n=2`)
    expect(byDigest(pages.flatMap((page) => listAt(page.json, 'manifests')))).toEqual(
      byDigest(ALL.map(listed)),
    )
  })
})

describe('deletion', () => {
  const subject = image('referrers/deleted')
  const [first, second] = [artifact('a/b', subject, notes('1')), artifact('a/b', subject, notes('2'))]

  // "Remove on manifest delete; survives deletion of the subject."
  test('of a referrer removes it at once, of the subject nothing', async () => {
    const name = 'referrers/deleted'
    await pushImage(client(), name, subject, 'v1')
    await pushImage(client(), name, first)
    await pushImage(client(), name, second)
    await expectListed(name, subject.digest, '', [first, second])
    check(await client().delete(`/v2/${name}/manifests/${first.digest}`), { status: 202 })
    await expectListed(name, subject.digest, '', [second])
    check(await client().delete(`/v2/${name}/manifests/${subject.digest}`), { status: 202 })
    await expectListed(name, subject.digest, '', [second])
    check(await client().delete(`/v2/${name}/manifests/${second.digest}`), { status: 202 })
    await expectListed(name, subject.digest, '', [])
  })

  test('of a tag leaves the referrer', async () => {
    const name = 'referrers/untagged'
    await pushImage(client(), name, first, 'tagged')
    check(await client().delete(`/v2/${name}/manifests/tagged`), { status: 202 })
    await expectListed(name, subject.digest, '', [first])
  })
})

describe('digests', () => {
  test('a referrer pushed by sha512 is listed under it, and a subject named by sha512 is found by it', async () => {
    const name = 'referrers/wide'
    const subject = { ...descriptor(OCI_IMAGE, SUBJECT), digest: SUBJECT.sha512 }
    const made = artifact('a/b', SUBJECT, { subject })
    await pushBlob(client(), name, EMPTY_JSON)
    check(await putManifest(client(), name, made.sha512, made), {
      status: 201,
      headers: { 'oci-subject': SUBJECT.sha512 },
    })
    const reply = await client().get(`/v2/${name}/referrers/${SUBJECT.sha512}`)
    expect(listAt(reply.json, 'manifests').map((entry) => textAt(entry, 'digest'))).toEqual([made.sha512])
  })
})

describe('size', () => {
  // "Page with Link only when nearing 4 MiB: GG and CD read one page only; CD caps size; OG and RC follow"
  test('a list beyond 4 MiB comes in pages below it, each referrer once, with the filter kept', async () => {
    const name = 'referrers/large'
    const made = Array.from({ length: 9 }, (_, at) =>
      artifact('large/thing', SUBJECT, { annotations: { at: String(at), pad: 'p'.repeat(600_000) } }),
    )
    await pushBlob(client(), name, EMPTY_JSON)
    for (const each of made) check(await putManifest(client(), name, each.digest, each), { status: 201 })
    for (const query of ['', '?artifactType=large/thing']) {
      const pages = await pagesFrom(client(), `/v2/${name}/referrers/${SUBJECT.digest}${query}`)
      expect(pages.length).toBe(2)
      for (const page of pages) {
        expect(page.body.length).toBeLessThanOrEqual(4 * 1024 * 1024)
        check(page, {
          status: 200,
          headers: {
            'content-type': OCI_INDEX,
            'oci-filters-applied': query === '' ? undefined : 'artifactType',
          },
        })
      }
      const digests = pages.flatMap((page) =>
        listAt(page.json, 'manifests').map((entry) => textAt(entry, 'digest')),
      )
      expect(digests.toSorted()).toEqual(made.map((each) => each.digest).toSorted())
    }
  })
})
