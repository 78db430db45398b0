import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { image } from './support/images.ts'
import { at } from './support/json.ts'
import { basic, fetchToken } from './support/login.ts'
import { pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

// P§4: what gcr.io adds to a list of tags.
const lamina = useServer({ LAMINA_GCR_LISTING: 'true', ...WORLD_SETTINGS })
const CREATED = '2026-01-02T03:04:05Z'
const TAGGED = image('gcr/tagged', { annotations: { 'org.opencontainers.image.created': CREATED } })
const UNTAGGED = image('gcr/untagged')
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  const { admin } = lamina.now
  await pushImage(admin, 'alpha/tools/lint', TAGGED, 'v1')
  await putManifest(admin, 'alpha/tools/lint', 'latest', TAGGED)
  await pushImage(admin, 'alpha/tools/lint', UNTAGGED)
  await pushImage(admin, 'alpha/tools/lint/deep', UNTAGGED, 'v1')
  await pushImage(admin, 'alpha/tools-more', UNTAGGED, 'v1')
})

const list = (name: string, query = '') => world.viewer.get(`/v2/${name}/tags/list${query}`)

describe('a repository', () => {
  test('lists all manifests with their tags, sizes and times, numbers as decimal strings', async () => {
    const begun = Date.now()
    const { json } = await list('alpha/tools/lint')
    expect(at(json, 'tags')).toEqual(['latest', 'v1'])
    expect(at(json, 'child')).toEqual(['deep'])
    const uploaded = (of: typeof TAGGED) => at(json, 'manifest', of.digest, 'timeUploadedMs')
    const described = (of: typeof TAGGED, tag: string[], created: string) => ({
      imageSizeBytes: String(of.blobs.reduce((sum, { size }) => sum + size, 0)),
      layerId: '',
      mediaType: of.mediaType,
      tag,
      timeCreatedMs: created,
      timeUploadedMs: uploaded(of),
    })
    expect(at(json, 'manifest')).toEqual({
      [TAGGED.digest]: described(TAGGED, ['latest', 'v1'], String(Date.parse(CREATED))),
      [UNTAGGED.digest]: described(UNTAGGED, [], '0'),
    })
    expect(uploaded(TAGGED)).toMatch(/^\d{13}$/)
    expect(Number(uploaded(TAGGED))).toBeLessThanOrEqual(begun)
  })

  test('has them whole on the first page, whatever n says, and on no other', async () => {
    const first = await list('alpha/tools/lint', '?n=1')
    expect(at(first.json, 'tags')).toEqual(['latest'])
    for (const { digest } of [TAGGED, UNTAGGED])
      expect(at(first.json, 'manifest', digest, 'mediaType')).toBe(TAGGED.mediaType)
    const second = await list('alpha/tools/lint', '?n=1&last=latest')
    expect(second.json).toEqual({ name: 'alpha/tools/lint', tags: ['v1'] })
  })
})

describe('a name that is no repository', () => {
  test('lists what is below, one level', async () => {
    check(await list('alpha/tools'), {
      status: 200,
      json: { name: 'alpha/tools', tags: [], child: ['lint'], manifest: {} },
    })
    check(await list('alpha'), {
      status: 200,
      json: { name: 'alpha', tags: [], child: ['app', 'tools', 'tools-more'], manifest: {} },
    })
  })

  test('is unknown when nothing is below', async () => {
    check(await list('alpha/nothing'), { status: 404, code: 'NAME_UNKNOWN' })
  })

  test('is hidden from who may not see its project', async () => {
    check(await world.stranger.get('/v2/alpha/tools/tags/list'), { status: 401, code: 'UNAUTHORIZED' })
  })

  test('may be listed with a token for its own name, as gcrane asks for one', async () => {
    const token = await fetchToken(world.viewer, 'repository:alpha:pull')
    check(await lamina.now.client.as(`Bearer ${token}`).get('/v2/alpha/tags/list'), { status: 200 })
  })
})

test('the names by which one logs in to gcr.io are taken', async () => {
  const key = await lamina.now.admin.sendJson('POST', '/api/v1/projects/alpha/accounts', {
    name: 'gcr',
    role: 'viewer',
  })
  const file = JSON.stringify(at(key.json, 'keyFile'))
  for (const [user, secret] of [
    ['_json_key', file],
    ['_json_key_base64', Buffer.from(file).toString('base64')],
  ] as const)
    check(await lamina.now.client.as(basic(user, secret)).get('/v2/alpha/tools/tags/list'), { status: 200 })
})
