import { describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { blob, image, index } from './support/images.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.8: DELETE of tags, manifests and blobs. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const NAME = 'delete/app'
const ZERO = `sha256:${'0'.repeat(64)}`

const MISSES: readonly Exchange[] = [
  // "Missing 404."
  {
    name: 'an absent tag is 404',
    given: (client) => pushImage(client, NAME, image('delete/present'), 'present'),
    send: { method: 'DELETE', path: `/v2/${NAME}/manifests/absent` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  {
    name: 'an absent manifest is 404',
    send: { method: 'DELETE', path: `/v2/${NAME}/manifests/${ZERO}` },
    expect: { status: 404, code: 'MANIFEST_UNKNOWN' },
  },
  {
    name: 'an absent blob is 404',
    send: { method: 'DELETE', path: `/v2/${NAME}/blobs/${ZERO}` },
    expect: { status: 404, code: 'BLOB_UNKNOWN' },
  },
  {
    name: 'a tag of an absent repository is 404',
    send: { method: 'DELETE', path: '/v2/no/such/manifests/v1' },
    expect: { status: 404, code: ['NAME_UNKNOWN', 'MANIFEST_UNKNOWN'] },
  },
  {
    name: 'a blob of an absent repository is 404',
    send: { method: 'DELETE', path: `/v2/no/such/blobs/${ZERO}` },
    expect: { status: 404, code: ['NAME_UNKNOWN', 'BLOB_UNKNOWN'] },
  },
  ...['sha256:short', `sha256:${'G'.repeat(64)}`, `md5:${'0'.repeat(32)}`].flatMap((digest): Exchange[] => [
    {
      name: `a blob by ${digest.slice(0, 14)} is refused`,
      send: { method: 'DELETE', path: `/v2/${NAME}/blobs/${digest}` },
      expect: { status: [400, 404] },
    },
    {
      name: `a manifest by ${digest.slice(0, 14)} is refused`,
      send: { method: 'DELETE', path: `/v2/${NAME}/manifests/${digest}` },
      expect: { status: [400, 404] },
    },
  ]),
  {
    name: 'an impossible tag is refused',
    send: { method: 'DELETE', path: `/v2/${NAME}/manifests/.bad` },
    expect: { status: [400, 404] },
  },
]

describe('what is not there', () => play(MISSES, client))

describe('a tag', () => {
  // "Tag: 202 [M], only the tag goes."
  test('goes alone: the manifest and its other tags stay', async () => {
    const made = image('delete/tag')
    await pushImage(client(), 'delete/tag', made, 'one')
    await putManifest(client(), 'delete/tag', 'two', made)
    check(await client().delete('/v2/delete/tag/manifests/one'), { status: 202, body: '' })
    check(await client().get('/v2/delete/tag/manifests/one'), { status: 404, code: 'MANIFEST_UNKNOWN' })
    check(await client().head('/v2/delete/tag/manifests/one'), { status: 404 })
    check(await client().get('/v2/delete/tag/manifests/two'), { status: 200, body: made.bytes })
    check(await client().get(`/v2/delete/tag/manifests/${made.digest}`), { status: 200, body: made.bytes })
    check(await client().get('/v2/delete/tag/tags/list'), {
      status: 200,
      json: { name: 'delete/tag', tags: ['two'] },
    })
    check(await client().delete('/v2/delete/tag/manifests/one'), { status: 404 })
  })

  test('that was the last leaves the manifest', async () => {
    const made = image('delete/last')
    await pushImage(client(), 'delete/last', made, 'only')
    check(await client().delete('/v2/delete/last/manifests/only'), { status: 202 })
    check(await client().get(`/v2/delete/last/manifests/${made.digest}`), { status: 200, body: made.bytes })
  })
})

describe('a manifest', () => {
  // "Manifest by digest: 202, all its tags vanish [M]; afterwards 404 at once (suite "atomic")."
  test.each(['digest', 'sha512'] as const)('by its %s goes with all its tags, and no other', async (key) => {
    const name = `delete/manifest-${key}`
    const [made, other] = [image(name), image(`${name}/other`)]
    await pushImage(client(), name, other, 'other')
    for (const each of made.blobs) await pushBlob(client(), name, each)
    check(await putManifest(client(), name, `${made[key]}?tag=a&tag=b&tag=c`, made), { status: 201 })
    check(await client().delete(`/v2/${name}/manifests/${made[key]}`), { status: 202, body: '' })
    for (const reference of ['a', 'b', 'c', made[key]]) {
      check(await client().get(`/v2/${name}/manifests/${reference}`), {
        status: 404,
        code: 'MANIFEST_UNKNOWN',
      })
      check(await client().head(`/v2/${name}/manifests/${reference}`), { status: 404 })
    }
    check(await client().get(`/v2/${name}/tags/list`), { status: 200, json: { name, tags: ['other'] } })
    check(await client().delete(`/v2/${name}/manifests/${made[key]}`), { status: 404 })
    check(await client().get(`/v2/${name}/manifests/other`), { status: 200, body: other.bytes })
  })

  test('can be pushed again', async () => {
    const made = image('delete/again')
    for (let round = 0; round < 3; round += 1) {
      await pushImage(client(), 'delete/again', made, 'v1')
      check(await client().get('/v2/delete/again/manifests/v1'), { status: 200, body: made.bytes })
      check(await client().delete(`/v2/delete/again/manifests/${made.digest}`), { status: 202 })
      check(await client().get('/v2/delete/again/manifests/v1'), { status: 404 })
    }
  })

  // "Deleting a child of an index: allow (suite goes index first)"
  test('that is the child of an index may go, before or after the index', async () => {
    const [left, right] = [image('delete/left'), image('delete/right')]
    const parent = index([left, right])
    for (const each of [left, right, parent]) await pushImage(client(), 'delete/family', each)
    check(await client().delete(`/v2/delete/family/manifests/${left.digest}`), { status: 202 })
    check(await client().get(`/v2/delete/family/manifests/${parent.digest}`), {
      status: 200,
      body: parent.bytes,
    })
    check(await client().delete(`/v2/delete/family/manifests/${parent.digest}`), { status: 202 })
    check(await client().get(`/v2/delete/family/manifests/${right.digest}`), {
      status: 200,
      body: right.bytes,
    })
    check(await client().delete(`/v2/delete/family/manifests/${right.digest}`), { status: 202 })
  })

  test('goes from one repository only', async () => {
    const made = image('delete/both')
    for (const name of ['delete/here', 'delete/there']) await pushImage(client(), name, made, 'v1')
    check(await client().delete(`/v2/delete/here/manifests/${made.digest}`), { status: 202 })
    check(await client().get('/v2/delete/there/manifests/v1'), { status: 200, body: made.bytes })
  })

  // "RC, without tag delete, pushes a dummy manifest and deletes it by digest."
  test('pushed over a tag and deleted by digest takes the tag along, as regclient does it', async () => {
    const [made, dummy] = [image('delete/real'), image('delete/dummy')]
    await pushImage(client(), 'delete/dummy', made, 'v1')
    await pushImage(client(), 'delete/dummy', dummy, 'v1')
    check(await client().delete(`/v2/delete/dummy/manifests/${dummy.digest}`), { status: 202 })
    check(await client().get('/v2/delete/dummy/manifests/v1'), { status: 404 })
    check(await client().get(`/v2/delete/dummy/manifests/${made.digest}`), { status: 200, body: made.bytes })
  })
})

describe('a blob', () => {
  // "Blob: 202, per-repo unlink, 404 at once even if other repos hold it."
  test('goes from one repository, at once', async () => {
    const made = blob('delete/blob', 100)
    for (const name of ['delete/blob-a', 'delete/blob-b']) await pushBlob(client(), name, made)
    check(await client().delete(`/v2/delete/blob-a/blobs/${made.digest}`), { status: 202, body: '' })
    for (const method of ['GET', 'HEAD', 'DELETE'])
      check(await client().ask({ method, path: `/v2/delete/blob-a/blobs/${made.digest}` }), { status: 404 })
    check(await client().get(`/v2/delete/blob-b/blobs/${made.digest}`), { status: 200, body: made.bytes })
  })

  // CVE-2026-35172: "deleting in repo A, read in repo B revives A's access"
  test('stays gone when another repository reads it', async () => {
    const made = blob('delete/revived', 100)
    for (const name of ['delete/revive-a', 'delete/revive-b']) await pushBlob(client(), name, made)
    for (let round = 0; round < 3; round += 1) {
      check(await client().get(`/v2/delete/revive-a/blobs/${made.digest}`), {
        status: round === 0 ? 200 : 404,
      })
      if (round === 0)
        check(await client().delete(`/v2/delete/revive-a/blobs/${made.digest}`), { status: 202 })
      check(await client().get(`/v2/delete/revive-b/blobs/${made.digest}`), { status: 200 })
      check(await client().head(`/v2/delete/revive-b/blobs/${made.digest}`), { status: 200 })
      check(await client().head(`/v2/delete/revive-a/blobs/${made.digest}`), { status: 404 })
    }
  })

  // "Suites delete blobs right after manifests; refuse blobs still referenced only behind a switch (405)."
  test('that a manifest still names may go', async () => {
    const made = image('delete/referenced')
    await pushImage(client(), 'delete/referenced', made, 'v1')
    for (const each of made.blobs)
      check(await client().delete(`/v2/delete/referenced/blobs/${each.digest}`), { status: 202 })
    check(await client().get('/v2/delete/referenced/manifests/v1'), { status: 200, body: made.bytes })
  })

  test('by sha512, and pushed again', async () => {
    const made = blob('delete/512', 100)
    await pushBlob(client(), NAME, made, made.sha512)
    check(await client().delete(`/v2/${NAME}/blobs/${made.sha512}`), { status: 202 })
    check(await client().get(`/v2/${NAME}/blobs/${made.sha512}`), { status: 404 })
    await pushBlob(client(), NAME, made, made.sha512)
    check(await client().get(`/v2/${NAME}/blobs/${made.sha512}`), { status: 200, body: made.bytes })
  })

  test('is not deleted through the manifests, nor a manifest through the blobs', async () => {
    const made = image('delete/crossed')
    await pushImage(client(), 'delete/crossed', made, 'v1')
    check(await client().delete(`/v2/delete/crossed/blobs/${made.digest}`), { status: 404 })
    check(await client().delete(`/v2/delete/crossed/manifests/${made.blobs[0]?.digest}`), { status: 404 })
    check(await client().get('/v2/delete/crossed/manifests/v1'), { status: 200 })
    expect((await client().get(`/v2/delete/crossed/blobs/${made.blobs[0]?.digest}`)).status).toBe(200)
  })
})

describe('on /api/v1, for the page', () => {
  const api = '/api/v1/projects/delete'
  const query = (rest: string) => `repository=${NAME}&${rest}`

  test('a preview says what goes and what stays, and deleting does just that', async () => {
    const [gone, kept] = [image('delete/gone'), image('delete/kept')]
    await pushImage(client(), NAME, gone, 'gone')
    await pushImage(client(), NAME, kept, 'kept')
    const list = index([kept])
    await putManifest(client(), NAME, 'list', list)
    const bytes = gone.blobs.reduce((sum, each) => sum + each.bytes.length, 0)
    const preview = await client().get(`${api}/deletion-preview?${query(`digest=${gone.digest}`)}`)
    check(preview, { status: 200 })
    expect(preview.json).toMatchObject({ tags: ['gone'], parents: [], kept: { blobs: 0, bytes: 0 } })
    expect(preview.json).toMatchObject({ freed: { blobs: gone.blobs.length, bytes } })
    const listed = await client().get(`${api}/deletion-preview?${query(`digest=${kept.digest}`)}`)
    expect(listed.json).toMatchObject({ parents: [list.digest] })

    check(await client().delete(`${api}/tag?${query('tag=gone')}`), { status: 204 })
    check(await client().get(`/v2/${NAME}/manifests/gone`), { status: 404 })
    check(await client().get(`/v2/${NAME}/manifests/${gone.digest}`), { status: 200 })
    check(await client().delete(`${api}/manifest?${query(`digest=${gone.digest}`)}`), { status: 204 })
    check(await client().get(`/v2/${NAME}/manifests/${gone.digest}`), { status: 404 })
    check(await client().get(`/v2/${NAME}/manifests/kept`), { status: 200 })
  })

  test.each([
    ['tag', 'tag=absent', 404, 'MANIFEST_UNKNOWN'],
    ['tag', 'tag=.no', 400, 'TAG_INVALID'],
    ['manifest', `digest=${ZERO}`, 404, 'MANIFEST_UNKNOWN'],
    ['manifest', 'digest=sha256:short', 400, 'DIGEST_INVALID'],
  ])('%s?%s is %i', async (what, rest, status, code) => {
    check(await client().delete(`${api}/${what}?${query(rest)}`), { status, code })
  })

  test('a repository of another project is not there', async () => {
    const path = `${api}/tag?repository=other/app&tag=v1`
    check(await client().delete(path), { status: 404, code: 'NAME_UNKNOWN' })
  })
})
