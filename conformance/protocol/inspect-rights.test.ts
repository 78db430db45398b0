import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { tar } from '../fixtures/tar.ts'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import {
  type Content,
  content,
  descriptor,
  type Image,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_LAYER,
} from './support/images.ts'
import { addMember, addProject, addUser } from './support/login.ts'
import { operationsUnder } from './support/openapi.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/**
 * Every operation of the inspector, asked by one who may pull from `alpha` alone while `beta` shares its layers: what is
 * of `beta` is in no answer, and what asks for it is answered as if it were nowhere.
 */
const lamina = useServer(WORLD_SETTINGS)
let world: World

function layer(name: string): Content {
  return content(gzipSync(tar([{ name, body: Buffer.from(name) }])))
}

const shared = layer('shared-file')
const secret = layer('secret-file')

function imageOf(layers: readonly Content[]): Image {
  const config = content(
    Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'amd64', layers: layers.map((one) => one.size) }),
    ),
  )
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: layers.map((one) => descriptor(OCI_LAYER, one)),
  })
  return { ...made, blobs: [config, ...layers] }
}

const open = imageOf([shared])
const hidden = imageOf([shared, secret])

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  await pushImage(lamina.now.admin, 'alpha/seen', open, 'v1')
  await pushImage(lamina.now.admin, 'beta/hidden', hidden, 'v1')
})

/** Something to ask about: a repository with its tag v1, its project, a layer that it alone has or shares. */
interface Subject {
  readonly name: string
  readonly project: string
  readonly layer: string
}

const SEEN: Subject = { name: 'alpha/seen', project: 'alpha', layer: shared.digest }
const HIDDEN: Subject = { name: 'beta/hidden', project: 'beta', layer: secret.digest }
const ABSENT: Subject = { name: 'gama/hidden', project: 'gama', layer: `sha256:${'0'.repeat(64)}` }

type Ask = (client: Client, about: Subject) => Promise<Reply>

const get =
  (path: (about: Subject) => string): Ask =>
  (client, about) =>
    client.get(path(about))
const post =
  (path: string, body: (about: Subject) => object): Ask =>
  (client, about) =>
    client.sendJson('POST', path, body(about))

const ASKS: Readonly<Record<string, Ask>> = {
  getImage: get(({ name }) => `/api/v1/image?ref=${name}:v1`),
  getIndex: get(({ name }) => `/api/v1/index?ref=${name}:v1`),
  getRaw: get(({ name }) => `/api/v1/raw?ref=${name}:v1`),
  getTags: get(({ name }) => `/api/v1/tags?repository=${name}`),
  analyze: post('/api/v1/analyze', ({ name }) => ({ images: [`${name}:v1`] })),
  search: get(({ name }) => `/api/v1/search?q=${name.slice(name.indexOf('/'))}`),
  getCounts: get(({ project }) => `/api/v1/projects/${project}/counts`),
  getRepositories: get(({ project }) => `/api/v1/projects/${project}/repositories`),
  getImageTree: get(({ name }) => `/api/v1/image/tree?ref=${name}:v1`),
  getWaste: get(({ name }) => `/api/v1/image/waste?ref=${name}:v1`),
  checkImage: get(({ name }) => `/api/v1/image/check?ref=${name}:v1&maxLayers=100`),
  findFiles: get(({ name }) => `/api/v1/image/files?ref=${name}:v1&q=shared`),
  getImageFile: get(({ name }) => `/api/v1/image/file?ref=${name}:v1&path=shared-file`),
  getPackages: get(({ name }) => `/api/v1/image/packages?ref=${name}:v1`),
  getHints: get(({ name }) => `/api/v1/image/hints?ref=${name}:v1`),
  getReferrers: get(({ name }) => `/api/v1/image/referrers?ref=${name}:v1`),
  getLineage: get(({ name }) => `/api/v1/image/lineage?ref=${name}:v1`),
  compareImages: get(({ name }) => `/api/v1/compare?a=alpha/seen:v1&b=${name}:v1`),
  getPullPlan: post('/api/v1/pullplan', ({ name }) => ({ have: [`${name}:v1`], want: 'alpha/seen:v1' })),
  getBadgeSvg: get(({ name }) => `/api/v1/badge.svg?ref=${name}:v1`),
  getBadgeJson: get(({ name }) => `/api/v1/badge.json?ref=${name}:v1`),
  getDeduplication: get(({ project }) => `/api/v1/projects/${project}/dedup`),
  getLayerFile: get((about) => `/api/v1/layer/${about.layer}/file?path=shared-file`),
  getLayerBytes: get((about) => `/api/v1/layer/${about.layer}/bytes`),
  getLayerUsage: get((about) => `/api/v1/layer/${about.layer}/usage`),
  getLayerTree: get((about) => `/api/v1/layer/${about.layer}/tree`),
  getLayerIndex: get((about) => `/api/v1/layer/${about.layer}/index`),
  findLayerFiles: get((about) => `/api/v1/layer/${about.layer}/files?q=shared`),
  rebuildLayerIndex: (client, about) => client.post(`/api/v1/layer/${about.layer}/index`),
  oldStatus: get(() => '/registry/status'),
  oldSearch: get(({ name }) => `/registry/search?name=${name.slice(name.indexOf('/'))}`),
  oldAnalyze: post('/registry/analyze', ({ name }) => ({ repos: [{ name, tag: 'v1' }] })),
  oldTags: get(({ name }) => `/registry/images/${name}/tags`),
}

/** A text of an answer without what may differ between two askings: the names that were asked for, and of the request. */
function plain({ text }: Reply, { name, project, layer: digest }: Subject): string {
  return text
    .replaceAll(name, 'NAME')
    .replaceAll(project, 'PROJECT')
    .replaceAll(digest, 'LAYER')
    .replaceAll(/"requestId":"[^"]*"/g, '')
}

test('who takes the name of a deleted project sees nothing of its layers, cleared or not', async () => {
  const { admin } = lamina.now
  const made = layer('of-a-deleted-project')
  await addProject(admin, 'vacated')
  await pushImage(admin, 'vacated/app', imageOf([made]), 'v1')
  const files = `/api/v1/layer/${made.digest}/index`
  check(await admin.delete('/api/v1/projects/vacated?repositories=delete'), { status: 204 })
  const taker = await addUser(admin, 'taker')
  await addProject(admin, 'vacated')
  await addMember(admin, 'vacated', 'taker', 'writer')
  check(await taker.get(files), { status: 404 })
  check(await admin.get(files), { status: 404 })
  await pushImage(taker, 'vacated/own', imageOf([made]), 'v1')
  check(await taker.get(files), { status: 200 })
})

test('the table has every operation of the inspector', () => {
  expect(Object.keys(ASKS).sort()).toEqual(
    [...operationsUnder('inspector'), ...operationsUnder('imagelayers')].sort(),
  )
})

describe('of what one may not pull', () => {
  test.each(Object.entries(ASKS))('%s shows nothing', async (_, ask) => {
    for (const client of [world.viewer, world.stranger, lamina.now.client]) {
      const asked = await ask(client, HIDDEN)
      const nowhere = await ask(client, ABSENT)
      expect(asked.status).toBe(nowhere.status)
      expect(plain(asked, HIDDEN)).toBe(plain(nowhere, ABSENT))
      for (const traitor of [hidden.digest, secret.digest, 'secret-file'])
        expect(asked.text.replaceAll(HIDDEN.layer, '')).not.toContain(traitor)
    }
  })

  test.each(Object.entries(ASKS))('%s says nothing when it shows what one may', async (_, ask) => {
    const seen = await ask(world.viewer, SEEN)
    // The word alone is also a field: whether a file is to be seen.
    for (const traitor of ['beta', '/hidden', hidden.digest, secret.digest])
      expect(seen.text).not.toContain(traitor)
  })
})
