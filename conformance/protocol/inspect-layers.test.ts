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
import { at, listAt, textAt } from './support/json.ts'
import { strayings } from './support/openapi.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** What the inspector knows of the files in layers, from outside. */
const lamina = useServer(WORLD_SETTINGS)
let world: World

type Files = Readonly<Record<string, string>>

function layer(files: Files): Content {
  return content(
    gzipSync(tar(Object.entries(files).map(([name, text]) => ({ name, body: Buffer.from(text) })))),
  )
}

const base = layer({
  'etc/config': 'old',
  'etc/secret': 'key',
  'usr/lib/a': 'aaaa',
  'usr/lib/b': 'bb',
  'var/x/y': 'y',
})
const middle = layer({ 'etc/.wh.secret': '', 'etc/config': 'newer', 'usr/lib/a': 'aaaa', 'app/main': 'run' })
const top = layer({ 'var/x/.wh..wh..opq': '', 'var/x/z': 'z', '<script>.js': 'alert(1)' })
const broken = content(gzipSync(Buffer.concat([Buffer.alloc(100, 'x'), Buffer.alloc(900)])))

function imageOf(layers: readonly Content[], diffIds: readonly string[] = []): Image {
  const config = content(
    Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } }),
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

const whole = imageOf([base, middle, top])
const wrong = imageOf([base, broken], [`sha256:${'ab'.repeat(32)}`])

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  await pushImage(lamina.now.admin, 'alpha/files', whole, 'v1')
  await pushImage(lamina.now.admin, 'alpha/files', wrong, 'wrong')
  await pushImage(lamina.now.admin, 'beta/files', whole, 'v1')
  for (const one of [base, middle, top, broken]) await indexed(one)
})

/** Waits until a pushed layer was looked into; nobody asked for it but the push. */
async function indexed({ digest }: Content): Promise<unknown> {
  for (let round = 0; round < 200; round++) {
    const { json } = await ask(world.viewer, 'getLayerIndex', `/api/v1/layer/${digest}/index`)
    if (!['none', 'queued', 'running'].includes(textAt(json, 'state'))) return json
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`layer ${digest} was not indexed`)
}

async function ask(client: Client, operation: string, path: string): Promise<Reply> {
  const reply = await client.get(path)
  expect(strayings(operation, reply), reply.text.slice(0, 500)).toEqual([])
  return reply
}

async function tree(query: string, client: Client = world.viewer) {
  return ask(client, 'getImageTree', `/api/v1/image/tree?ref=alpha/files:v1&${query}`)
}

const rows = (reply: Reply) =>
  listAt(reply.json, 'entries').map((entry) => [at(entry, 'name'), at(entry, 'state'), at(entry, 'layer')])

describe('a layer', () => {
  test('is listed directory by directory, with its whiteouts', async () => {
    const reply = await ask(world.viewer, 'getLayerTree', `/api/v1/layer/${middle.digest}/tree?path=/etc`)
    expect(
      listAt(reply.json, 'entries').map((entry) => [at(entry, 'type'), at(entry, 'name'), at(entry, 'size')]),
    ).toEqual([
      ['file', 'config', 5],
      ['whiteout', 'secret', 0],
    ])
    check(reply, { status: 200, headers: { 'cache-control': /private.*immutable/, etag: /^"sha256:/ } })
    const again = await world.viewer.get(`/api/v1/layer/${middle.digest}/tree?path=/etc`, {
      'if-none-match': reply.header('etag') ?? '',
    })
    check(again, { status: 304 })
    const root = await ask(world.viewer, 'getLayerTree', `/api/v1/layer/${base.digest}/tree?n=1`)
    expect(root.json).toMatchObject({
      totals: { bytes: 13, files: 5 },
      entries: [{ name: 'etc', totals: { bytes: 6, files: 2 } }],
    })
    const next = await world.viewer.get(
      `/api/v1/layer/${base.digest}/tree?n=1&cursor=${textAt(root.json, 'next')}`,
    )
    expect(at(next.json, 'entries', 0, 'name')).toBe('usr')
    check(await world.viewer.get(`/api/v1/layer/${base.digest}/tree?path=nowhere`), {
      status: 404,
      code: 'NAME_UNKNOWN',
    })
    check(await world.viewer.get(`/api/v1/layer/${base.digest}/tree?cursor=%25`), {
      status: 400,
      code: 'REQUEST_INVALID',
    })
  })

  test('that is none says so, and its image is shown', async () => {
    expect(await indexed(broken)).toMatchObject({ state: 'unsupported' })
    check(await world.viewer.get(`/api/v1/layer/${broken.digest}/tree`), { status: 422, code: 'UNSUPPORTED' })
    const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/files:wrong')
    expect(at(json, 'totals', 'unpacked')).toBeNull()
    expect(listAt(json, 'warnings').join()).toContain('unsupported')
    expect(listAt(json, 'warnings').join()).toContain('the config says')
  })

  test('is for who may pull it from somewhere', async () => {
    for (const path of ['tree', 'index']) {
      for (const client of [world.stranger, lamina.now.client]) {
        const hidden = await client.get(`/api/v1/layer/${base.digest}/${path}`)
        check(hidden, { status: 404, code: 'BLOB_UNKNOWN' })
        const absent = await client.get(`/api/v1/layer/sha256:${'0'.repeat(64)}/${path}`)
        expect(
          textAt(absent.json, 'errors', 0, 'message').replace('0'.repeat(64), base.digest.slice(7)),
        ).toBe(textAt(hidden.json, 'errors', 0, 'message'))
      }
      check(await world.viewer.get(`/api/v1/layer/sha256:ab/${path}`), {
        status: 400,
        code: 'DIGEST_INVALID',
      })
    }
    check(await world.owner.post(`/api/v1/layer/${base.digest}/index`), { status: 403 })
    check(await lamina.now.admin.post(`/api/v1/layer/${base.digest}/index`), { status: 202 })
    await indexed(base)
  })
})

describe('an image', () => {
  test('knows what its layers unpack to', async () => {
    const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/files:v1')
    expect(at(json, 'totals', 'files')).toBe(5 + 3 + 2)
    expect(listAt(json, 'steps').map((step) => at(step, 'layer', 'state'))).toEqual(['done', 'done', 'done'])
  })

  test('is its layers laid over each other', async () => {
    expect(rows(await tree('path=/etc'))).toEqual([
      ['config', 'same', 1],
      ['secret', 'removed', 1],
    ])
    expect(rows(await tree('path=/usr/lib'))).toEqual([
      ['a', 'same', 1],
      ['b', 'same', 0],
    ])
    expect(rows(await tree('path=/var/x'))).toEqual([
      ['y', 'removed', 2],
      ['z', 'added', 2],
    ])
    expect(rows(await tree('path=/etc&upto=0'))).toEqual([
      ['config', 'added', 0],
      ['secret', 'added', 0],
    ])
    expect(rows(await tree('path=/usr/lib&upto=1'))).toEqual([
      ['a', 'same', 1],
      ['b', 'same', 0],
    ])
    expect(rows(await tree('path=/&state=added'))).toEqual([['<script>.js', 'added', 2]])
  })

  const pinned = `alpha/files@${whole.digest}`
  test.each([
    ['getImageTree', `image/tree?ref=${pinned}`],
    ['getWaste', `image/waste?ref=${pinned}`],
    ['compareImages', `compare?a=${pinned}&b=${pinned}`],
  ])('by digest never changes: %s', async (operation, query) => {
    const path = `/api/v1/${query}`
    const reply = await ask(world.viewer, operation, path)
    check(reply, { status: 200, headers: { 'cache-control': /private.*immutable/, etag: /^"sha256:/ } })
    check(await world.viewer.get(path, { 'if-none-match': reply.header('etag') ?? '' }), { status: 304 })
    const byTag = await ask(world.viewer, operation, path.replaceAll(`@${whole.digest}`, ':v1'))
    expect(byTag.header('cache-control') ?? '').not.toContain('immutable')
  })

  test('refuses what is no directory, layer or state', async () => {
    check(await tree('path=/etc/secret'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await tree('path=/etc/config'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await tree('upto=3'), { status: 400, code: 'REQUEST_INVALID' })
    check(await tree('state=lost'), { status: 400, code: 'REQUEST_INVALID' })
    check(await tree('', world.stranger), { status: 404, code: 'NAME_UNKNOWN' })
  })
})

describe('reports', () => {
  const get = async (operation: string, path: string, client: Client = world.viewer) =>
    ask(client, operation, `/api/v1/${path}`)

  test('what is shipped for nothing', async () => {
    const { json } = await get('getWaste', 'image/waste?ref=alpha/files:v1')
    expect(json).toMatchObject({
      missing: [],
      shipped: 3 + 3 + 4 + 2 + 1 + 5 + 4 + 3 + 1 + 8,
      visible: 5 + 4 + 2 + 3 + 1 + 8,
      classes: { overwritten: 3, deleted: 4, metadataOnly: 4 },
    })
  })

  test('two images against each other', async () => {
    const moved = imageOf([layer({ 'etc/config': 'newer', 'usr/lib/moved': 'bb', 'usr/lib/a': 'aaaa' })])
    await pushImage(lamina.now.admin, 'alpha/files', moved, 'moved')
    for (const one of moved.blobs.slice(1)) await indexed(one)
    const { json } = await get('compareImages', 'compare?a=alpha/files:v1&b=alpha/files:moved')
    const shown = listAt(json, 'entries').map((entry) => [at(entry, 'path'), at(entry, 'class')])
    expect(shown).toContainEqual(['usr/lib/moved', 'renamed'])
    expect(shown).toContainEqual(['app/main', 'removed'])
    expect(shown.map(([path]) => path)).not.toContain('etc/config')
    expect(at(json, 'layers', 'shared')).toEqual([])
    const page = await get(
      'compareImages',
      'compare?a=alpha/files:v1&b=alpha/files:moved&class=removed&n=1&sort=size',
    )
    expect(listAt(page.json, 'entries')).toHaveLength(1)
    expect(at(page.json, 'next')).toBeDefined()
    check(await world.viewer.get('/api/v1/compare?a=alpha/files:v1&b=beta/files:v1'), {
      status: 404,
      code: 'NAME_UNKNOWN',
    })
  })

  test('what a pull moves', async () => {
    const older = imageOf([base, middle])
    await pushImage(lamina.now.admin, 'alpha/files', older, 'v0')
    const plan = async (have: readonly string[], client: Client = world.viewer) => {
      const reply = await client.sendJson('POST', '/api/v1/pullplan', { have, want: 'alpha/files:v1' })
      expect(strayings('getPullPlan', reply), reply.text).toEqual([])
      return reply
    }
    expect((await plan(['alpha/files:v0'])).json).toMatchObject({
      layer: { bytes: top.size, count: 1 },
      files: { bytes: 9, count: 2 },
    })
    expect((await plan([])).json).toMatchObject({
      layer: { bytes: base.size + middle.size + top.size, count: 3 },
    })
    check(await plan(['alpha/files:v0'], world.stranger), { status: 404 })
  })

  test('who has a layer, and what was built on what', async () => {
    const { json } = await get('getLayerUsage', `layer/${top.digest}/usage`)
    expect(listAt(json, 'images').map((one) => at(one, 'repository'))).toEqual(['alpha/files'])
    const all = await get('getLayerUsage', `layer/${top.digest}/usage`, lamina.now.admin)
    expect(listAt(all.json, 'images').map((one) => at(one, 'repository'))).toEqual([
      'alpha/files',
      'beta/files',
    ])
    check(await get('getLineage', 'image/lineage?ref=alpha/files:v1'), { status: 200 })
    check(await get('getDeduplication', 'projects/alpha/dedup'), { status: 200 })
  })

  test('badges say unknown of what is hidden', async () => {
    check(await world.viewer.get('/api/v1/badge.svg?ref=alpha/files:v1'), {
      status: 200,
      headers: { 'content-type': 'image/svg+xml', 'content-security-policy': /sandbox/ },
    })
    const badge = async (client: Client) =>
      at((await get('getBadgeJson', 'badge.json?ref=alpha/files:v1', client)).json, 'message')
    expect(await badge(world.viewer)).toMatch(/3 layers/)
    expect(await badge(world.stranger)).toBe('unknown')
  })
})

describe('a file', () => {
  const file = async (query: string, client: Client = world.viewer) =>
    client.get(`/api/v1/layer/${top.digest}/file?${query}`)

  test('is text or bytes, and never a page', async () => {
    check(await file('path=var/x/z'), { status: 200, body: 'z', headers: { 'x-file-size': '1' } })
    check(await file('path=%3Cscript%3E.js&offset=6&length=1'), {
      status: 200,
      body: '1',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-security-policy': "sandbox; default-src 'none'",
        'x-content-type-options': 'nosniff',
      },
    })
    check(await file('path=var/x/z&raw=1'), {
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' },
    })
  })

  test('that is none, or not for the caller, is not there', async () => {
    check(await file('path=var/x'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await file('path=../etc/passwd'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await file('path=var/x/z&offset=x'), { status: 400, code: 'REQUEST_INVALID' })
    check(await file('path=var/x/z', world.stranger), { status: 404, code: 'BLOB_UNKNOWN' })
  })
})
