import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import {
  artifact,
  blob,
  content,
  descriptor,
  type Image,
  image,
  index,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_LAYER,
} from './support/images.ts'
import { at, listAt, textAt } from './support/json.ts'
import { strayings } from './support/openapi.ts'
import { pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** The inspector as far as it needs no index of a layer's files (openapi.yaml, tag `inspector`). */
const lamina = useServer({ ...WORLD_SETTINGS, LAMINA_INDEX_LAYERS: 'off' })
let world: World

/** An image built in steps: two layers of its base, then its own. */
function built(seed: string, platform = 'amd64'): Image {
  const layers = [blob('base/0', 300), blob('base/1', 200), blob(`${seed}/own`, 100)]
  const config = content(
    Buffer.from(
      JSON.stringify({
        architecture: platform,
        os: 'linux',
        created: '2026-01-02T03:04:05Z',
        config: { Env: ['A=b'], Cmd: ['run'], Entrypoint: null, ExposedPorts: { '80/tcp': {} } },
        rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
        history: [
          { created_by: '/bin/sh -c #(nop) ADD file:x in / ' },
          { created_by: 'ENV A=b', empty_layer: true },
          { created_by: 'RUN /bin/sh -c apt-get update # buildkit' },
          { created_by: `COPY ${seed} /app # buildkit` },
        ],
      }),
    ),
  )
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: layers.map((layer) => descriptor(OCI_LAYER, layer)),
  })
  return { ...made, blobs: [config, ...layers] }
}

const one = built('one')
const two = built('two')
const arm = built('arm', 'arm64')
const both = index([one, arm], {
  manifests: [
    descriptor(one.mediaType, one, { platform: { os: 'linux', architecture: 'amd64' } }),
    descriptor(arm.mediaType, arm, { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }),
  ],
})

beforeAll(async () => {
  const { admin } = lamina.now
  world = await makeWorld(lamina.now)
  await pushImage(admin, 'alpha/built', one, 'one')
  await pushImage(admin, 'alpha/built', two, 'two')
  await pushImage(admin, 'beta/built', one, 'hidden')
  await pushImage(admin, 'alpha/built', arm)
  expect((await putManifest(admin, 'alpha/built', 'both', both)).status).toBe(201)
})

/** Asks, and holds the answer against openapi.yaml. */
async function ask(client: Client, operation: string, path: string, body?: unknown): Promise<Reply> {
  const reply = body === undefined ? await client.get(path) : await client.sendJson('POST', path, body)
  expect(strayings(operation, reply), reply.text.slice(0, 500)).toEqual([])
  return reply
}

describe('what is about an image', () => {
  test('is listed in pages, and nothing when there is none', async () => {
    const { admin } = lamina.now
    const subject = image('about/subject')
    await pushImage(admin, 'about/app', subject, 'one')
    await pushImage(admin, 'about/app', image('about/other'), 'two')
    const signatures = ['application/vnd.example.signature', 'application/spdx+json'].map((type) =>
      artifact(type, subject, { annotations: { 'org.example.by': type } }),
    )
    for (const signature of signatures) await pushImage(admin, 'about/app', signature)
    const asked = async (rest: string) =>
      (await ask(admin, 'getReferrers', `/api/v1/image/referrers?ref=about/app:${rest}`)).json
    const all = await asked('one')
    const inOrder = signatures.map(({ digest }) => digest).sort()
    expect(listAt(all, 'referrers').map((each) => textAt(each, 'digest'))).toEqual(inOrder)
    expect(
      listAt(all, 'referrers')
        .map((each) => textAt(each, 'artifactType'))
        .sort(),
    ).toEqual(['application/spdx+json', 'application/vnd.example.signature'])
    const first = await asked('one&n=1')
    expect(textAt(first, 'next')).toBe(inOrder[0])
    const second = await asked(`one&n=1&last=${textAt(first, 'next')}`)
    expect(textAt(second, 'referrers', 0, 'digest')).toBe(inOrder[1])
    expect(listAt(await asked('two'), 'referrers')).toEqual([])
    const nowhere = await admin.get('/api/v1/image/referrers?ref=about/app:one&last=nonsense')
    check(nowhere, { status: 400, code: 'DIGEST_INVALID' })
  })

  test('is kept where it is marked so', async () => {
    const marks = async () =>
      listAt((await ask(world.viewer, 'getTags', '/api/v1/tags?repository=alpha/built')).json, 'tags').map(
        (each) => [textAt(each, 'tag'), at(each, 'kept')],
      )
    const keep = (on: boolean) =>
      lamina.now.admin.sendJson('PUT', '/api/v1/projects/alpha/keep', {
        repository: 'alpha/built',
        digest: two.digest,
        keep: on,
      })
    check(await keep(true), { status: 200 })
    expect(await marks()).toContainEqual(['two', true])
    expect(await marks()).toContainEqual(['one', false])
    check(await keep(false), { status: 200 })
    expect(await marks()).toContainEqual(['two', false])
  })
})

describe('an image', () => {
  test('is its history joined to its layers', async () => {
    const reply = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/built:one')
    const { json } = reply
    expect(
      listAt(json, 'steps').map((step) => [textAt(step, 'instruction'), at(step, 'layer', 'digest') ?? null]),
    ).toEqual([
      ['ADD file:x in /', one.blobs[1]?.digest],
      ['ENV A=b', null],
      ['RUN apt-get update', one.blobs[2]?.digest],
      ['COPY one /app', one.blobs[3]?.digest],
    ])
    expect(at(json, 'steps', 2, 'layer')).toMatchObject({
      index: 1,
      size: 200,
      cumulativeSize: 500,
      state: 'none',
    })
    expect(json).toMatchObject({
      ref: `alpha/built@${one.digest}`,
      tag: 'one',
      platform: 'linux/amd64',
      index: null,
      config: { env: ['A=b'], cmd: ['run'], exposedPorts: ['80/tcp'] },
      totals: { layers: 3, size: 600, unpacked: null },
      warnings: [],
    })
  })

  test('counts who else has a layer, of what the caller may see', async () => {
    const users = async (client: Client) => {
      const { json } = await ask(client, 'getImage', '/api/v1/image?ref=alpha/built:one')
      return [0, 2, 3].map((step) => at(json, 'steps', step, 'layer', 'users', 'count'))
    }
    expect(await users(world.viewer)).toEqual([3, 3, 1])
    expect(await users(lamina.now.admin)).toEqual([4, 4, 2])
  })

  test('of a chart has no config that is an image’s, and nothing wrong', async () => {
    const [chart, layer] = [content(Buffer.from('{"name":"web","version":"1.0.0"}')), blob('chart', 100)]
    const made = manifest({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor('application/vnd.cncf.helm.config.v1+json', chart),
      layers: [descriptor('application/vnd.cncf.helm.chart.content.v1.tar+gzip', layer)],
    })
    await pushImage(lamina.now.admin, 'alpha/chart', { ...made, blobs: [chart, layer] }, 'v1')
    const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/chart:v1')
    expect([at(json, 'config'), at(json, 'platform')]).toEqual([null, null])
    expect(at(json, 'artifactType')).toBe('application/vnd.cncf.helm.config.v1+json')
    expect(at(json, 'steps', 0, 'instruction')).toBe('application/vnd.cncf.helm.chart.content.v1.tar+gzip')
    expect(listAt(json, 'warnings')).toEqual([])
  })

  test('of other things names them as their annotations do, and shows what is in them', async () => {
    const text = '{"spdxVersion":"SPDX-2.3"}'
    const [bom, notes, config] = [text, 'notes', '{"made":"by code"}'].map((one) => content(Buffer.from(one)))
    if (bom === undefined || notes === undefined || config === undefined)
      throw new TypeError('three contents')
    const made = manifest({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      artifactType: 'application/vnd.example.release',
      config: descriptor('application/vnd.example.config+json', config),
      layers: [
        descriptor('application/spdx+json', bom, {
          annotations: { 'org.opencontainers.image.title': 'bom.json' },
        }),
        descriptor('application/vnd.in-toto+json', notes, {
          annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' },
        }),
      ],
    })
    await pushImage(lamina.now.admin, 'alpha/release', { ...made, blobs: [bom, notes, config] }, 'v1')
    // As BuildKit has it: with the config of an image.
    const imageConfig = content(
      Buffer.from('{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}'),
    )
    const attested = manifest({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor(OCI_CONFIG, imageConfig),
      layers: [descriptor('application/vnd.in-toto+json', notes)],
    })
    await pushImage(
      lamina.now.admin,
      'alpha/release',
      { ...attested, blobs: [notes, imageConfig] },
      'attested',
    )
    expect(
      at(
        (await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/release:attested')).json,
        'artifactType',
      ),
    ).toBe('application/vnd.in-toto+json')
    const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/release:v1')
    expect(at(json, 'artifactType')).toBe('application/vnd.example.release')
    expect(listAt(json, 'warnings')).toEqual([])
    expect(listAt(json, 'steps').map((step) => at(step, 'instruction'))).toEqual([
      'bom.json',
      'https://slsa.dev/provenance/v1',
    ])
    const bytes = (query: string, { digest } = bom, client: Client = world.viewer) =>
      client.get(`/api/v1/layer/${digest}/bytes${query}`)
    const whole = await bytes('')
    check(whole, {
      status: 200,
      body: bom.bytes,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-security-policy': /sandbox/,
        'x-content-type-options': 'nosniff',
        'x-file-size': String(bom.size),
        'cache-control': /private.*immutable/,
      },
    })
    check(await bytes('', config), { status: 200, body: config.bytes })
    const part = await bytes('?offset=1&length=5&raw=1')
    check(part, {
      status: 200,
      body: bom.bytes.subarray(1, 6),
      headers: { 'content-disposition': 'attachment' },
    })
    check(await bytes('?offset=99999'), { status: 200, body: Buffer.alloc(0) })
    check(await bytes('?length=x'), { status: 400, code: 'REQUEST_INVALID' })
    check(await bytes('', bom, world.stranger), { status: 404, code: 'BLOB_UNKNOWN' })
    const again = await world.viewer.get(`/api/v1/layer/${bom.digest}/bytes`, {
      'if-none-match': whole.header('etag') ?? '',
    })
    check(again, { status: 304 })
    const index = await ask(world.viewer, 'getLayerIndex', `/api/v1/layer/${bom.digest}/index`)
    expect(at(index.json, 'size')).toBe(bom.size)
  })

  test('with hundreds of layers is shown whole, and the users of the first 500 are counted', async () => {
    const layers = Array.from({ length: 502 }, (_, layer) => blob(`many/${layer}`, 10))
    const config = content(Buffer.from('{"architecture":"amd64","os":"linux"}'))
    const many = manifest({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor(OCI_CONFIG, config),
      layers: layers.map((layer) => descriptor(OCI_LAYER, layer)),
    })
    await pushImage(lamina.now.admin, 'alpha/many', { ...many, blobs: [config, ...layers] }, 'v1')
    const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/many:v1')
    const counts = listAt(json, 'steps').map((step) => at(step, 'layer', 'users'))
    const one = { count: 1, more: false }
    expect(counts).toEqual([...Array.from({ length: 500 }, () => one), null, null])
    // Of many together each is drawn up to 500 layers, also where the old clients ask.
    const repos = [{ name: 'alpha/many', tag: 'v1' }]
    const old = await world.viewer.sendJson('POST', '/registry/analyze', { repos })
    expect(old.json).toMatchObject([{ repo: repos[0], layers: null, status: 422 }])
  })

  test('of an index is the one for the platform', async () => {
    const asked = async (platform: string) =>
      (await ask(world.viewer, 'getImage', `/api/v1/image?ref=alpha/built:both${platform}`)).json
    expect(await asked('')).toMatchObject({ digest: one.digest, index: { digest: both.digest } })
    expect(await asked('&platform=linux/arm64')).toMatchObject({
      digest: arm.digest,
      platform: 'linux/arm64/v8',
    })
    const none = await world.viewer.get('/api/v1/image?ref=alpha/built:both&platform=linux/s390x')
    check(none, { status: 404, code: 'MANIFEST_UNKNOWN' })
  })

  test('of another platform than was asked for is not shown in its place', async () => {
    const path = `/api/v1/image?ref=alpha/built@${arm.digest}&platform=`
    for (const platform of ['linux/amd64', 'nonsense', 'linux/arm64/v9', 'linux/arm'])
      check(await world.viewer.get(`${path}${platform}`), { status: 404, code: 'MANIFEST_UNKNOWN' })
    for (const platform of ['linux/arm64', 'linux/arm64/v8'])
      check(await world.viewer.get(`${path}${platform}`), { status: 200 })
    const body = { have: [], want: `alpha/built@${arm.digest}`, platform: 'linux/amd64' }
    check(await world.viewer.sendJson('POST', '/api/v1/pullplan', body), { status: 404 })
  })

  test('with nonsense for a config is still shown', async () => {
    for (const [tag, text] of [
      ['not-json', '['],
      ['list', '[]'],
      ['types', '{"history":7,"rootfs":[],"config":"x"}'],
      ['long', JSON.stringify({ history: Array.from({ length: 50 }, () => ({ created_by: 7 })) })],
    ] as const) {
      const config = content(Buffer.from(text))
      const layer = blob('base/0', 300)
      const made = manifest({
        schemaVersion: 2,
        mediaType: OCI_IMAGE,
        config: descriptor(OCI_CONFIG, config),
        layers: [descriptor(OCI_LAYER, layer), descriptor(OCI_LAYER, layer)],
      })
      await pushImage(lamina.now.admin, 'alpha/odd', { ...made, blobs: [config, layer] }, tag)
      const { json } = await ask(world.viewer, 'getImage', `/api/v1/image?ref=alpha/odd:${tag}`)
      expect(listAt(json, 'warnings').length).toBeGreaterThan(0)
      expect(listAt(json, 'steps').filter((step) => at(step, 'layer') !== null)).toHaveLength(2)
    }
  })
})

const ELSEWHERE = { urls: ['http://127.0.0.1:1/'] }

test('an image of the same layer six hundred times is shown, and not drawn', async () => {
  const layer = blob('again', 300)
  const config = content(Buffer.from('{"config":'.repeat(40_000)))
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: [
      ...Array.from({ length: 600 }, () => descriptor(`${OCI_LAYER}+encrypted`, layer, ELSEWHERE)),
      descriptor(OCI_LAYER, blob('kept elsewhere', 700), ELSEWHERE),
    ],
  })
  await pushImage(lamina.now.admin, 'alpha/deep', { ...made, blobs: [config, layer] }, 'v1')
  const { json } = await ask(world.viewer, 'getImage', '/api/v1/image?ref=alpha/deep:v1')
  expect(listAt(json, 'steps')).toHaveLength(601)
  expect(at(json, 'totals')).toMatchObject({ size: 600 * 300, externalSize: 700 })
  expect(listAt(json, 'warnings').join()).toMatch(/no image config.*is encrypted.*never fetched/)
  const grid = await ask(world.viewer, 'analyze', '/api/v1/analyze', {
    images: ['alpha/deep:v1', 'alpha/built:one'],
  })
  expect(listAt(grid.json, 'columns')).toHaveLength(1)
  expect(at(grid.json, 'errors', 0, 'code')).toBe('UNSUPPORTED')
})

test('an index lists its platforms with their sizes, and what they share once', async () => {
  const { json } = await ask(world.viewer, 'getIndex', '/api/v1/index?ref=alpha/built:both')
  expect(listAt(json, 'manifests').map((entry) => [at(entry, 'platform'), at(entry, 'totalSize')])).toEqual([
    ['linux/amd64', 600],
    ['linux/arm64/v8', 600],
  ])
  expect(at(json, 'totals')).toEqual({ sumBytes: 1200, uniqueBytes: 700 })
  check(await ask(world.viewer, 'getIndex', '/api/v1/index?ref=alpha/built:one'), { status: 200 })
})

test('a manifest is shown as it is', async () => {
  const { json } = await ask(world.viewer, 'getRaw', `/api/v1/raw?ref=alpha/built@${both.digest}`)
  expect(json).toMatchObject({
    digest: both.digest,
    size: both.size,
    manifest: { schemaVersion: 2, manifests: [{ digest: one.digest }, { digest: arm.digest }] },
  })
})

describe('the grid', () => {
  test('joins what images share from the base on, and shows what is there', async () => {
    const images = [
      'alpha/built:one',
      'alpha/app:v1',
      'alpha/built:two',
      'beta/built:hidden',
      'alpha/built:no',
      '?',
    ]
    const { json } = await ask(world.viewer, 'analyze', '/api/v1/analyze', { images })
    expect(listAt(json, 'columns').map((column) => at(column, 'asked'))).toEqual([
      'alpha/built:one',
      'alpha/built:two',
      'alpha/app:v1',
    ])
    expect(listAt(json, 'roots')).toHaveLength(2)
    expect(at(json, 'roots', 0, 'children', 0)).toMatchObject({ images: [], layer: { size: 200 } })
    expect(
      listAt(json, 'roots', 0, 'children', 0, 'children').map((node) => at(node, 'images')),
    ).toHaveLength(2)
    expect(at(json, 'totals')).toMatchObject({ uniqueLayers: 5, uniqueBytes: 900, sumBytes: 1400 })
    expect(listAt(json, 'errors').map((error) => [at(error, 'ref'), at(error, 'code')])).toEqual([
      ['beta/built:hidden', 'NAME_UNKNOWN'],
      ['alpha/built:no', 'MANIFEST_UNKNOWN'],
      ['?', 'REQUEST_INVALID'],
    ])
  })

  test('takes a list of images', async () => {
    for (const body of [{}, { images: [] }, { images: [7] }, { images: Array(101).fill('a') }])
      check(await world.viewer.sendJson('POST', '/api/v1/analyze', body), {
        status: 400,
        code: 'REQUEST_INVALID',
      })
  })
})

describe('lists', () => {
  test('of tags say what they lead to, page by page', async () => {
    const { json } = await ask(world.viewer, 'getTags', '/api/v1/tags?repository=alpha/built&n=2')
    expect(json).toMatchObject({
      tags: [
        { tag: 'both', digest: both.digest, platforms: ['linux/amd64', 'linux/arm64/v8'] },
        { tag: 'one', by: 'user:admin' },
      ],
      next: 'one',
    })
    expect(at(json, 'tags', 1, 'platforms')).toBeUndefined()
    expect(at(json, 'tags', 1, 'size')).toBe(600 + one.size + (one.blobs[0]?.size ?? 0))
    const rest = await ask(world.viewer, 'getTags', '/api/v1/tags?repository=alpha/built&n=2&last=one')
    expect(listAt(rest.json, 'tags').map((tag) => at(tag, 'tag'))).toEqual(['two'])
    expect(at(rest.json, 'next')).toBeUndefined()
  })

  test('of tags, the last pushed first, and by a part of their name', async () => {
    const { admin } = lamina.now
    const tags = ['v3', 'a-v1', 'z', 'V2', 'b']
    const tagged = image('many-tags')
    for (const tag of tags) await pushImage(admin, 'alpha/many-tags', tagged, tag)
    const asked = async (query: string) =>
      (await ask(world.viewer, 'getTags', `/api/v1/tags?repository=alpha/many-tags&order=pushed${query}`))
        .json
    const names = (json: unknown) => listAt(json, 'tags').map((tag) => textAt(tag, 'tag'))
    const all = await asked('')
    expect([names(all), at(all, 'total'), at(all, 'next')]).toEqual([tags.toReversed(), 5, undefined])
    const first = await asked('&n=2&q=v')
    const second = await asked(`&n=2&q=v&last=${encodeURIComponent(textAt(first, 'next'))}`)
    expect([names(first), names(second)]).toEqual([['V2', 'a-v1'], ['v3']])
    expect([at(first, 'total'), at(second, 'total'), at(second, 'next')]).toEqual([3, 3, undefined])
    expect(names(await asked('&q=nothing'))).toEqual([])
    for (const query of ['&last=v3', '&last=7', '&order=size', '&order=name&q=v'])
      check(
        await world.viewer.get(
          `/api/v1/tags?repository=alpha/many-tags${query.includes('order') ? '' : '&order=pushed'}${query}`,
        ),
        {
          status: 400,
          code: 'REQUEST_INVALID',
        },
      )
  })

  test('of repositories', async () => {
    const path = '/api/v1/projects/alpha/repositories'
    const { json } = await ask(world.viewer, 'getRepositories', `${path}?n=1&last=alpha/app`)
    expect(json).toMatchObject({
      repositories: [{ name: 'alpha/built', tags: { count: 3, more: false }, manifests: { count: 4 } }],
      next: 'alpha/built',
    })
    check(await world.viewer.get(`${path}?last=beta/app`), { status: 400, code: 'REQUEST_INVALID' })
    const counts = await ask(world.viewer, 'getCounts', '/api/v1/projects/alpha/counts')
    expect(Number(at(counts.json, 'logicalBytes'))).toBeGreaterThan(Number(at(counts.json, 'storedBytes')))
  })

  test('of what a search finds', async () => {
    const names = async (client: Client, query: string) =>
      listAt((await ask(client, 'search', `/api/v1/search?${query}`)).json, 'repositories').map((row) =>
        at(row, 'name'),
      )
    expect(await names(world.viewer, 'q=buil')).toEqual(['alpha/built'])
    expect(await names(lamina.now.admin, 'q=BUIL')).toEqual(['alpha/built', 'beta/built'])
    expect(await names(lamina.now.admin, 'q=buil&n=1&last=alpha/built')).toEqual(['beta/built'])
    expect(await names(lamina.now.client, '')).toEqual(['open/app'])
  })

  test('of a search by tag or digest, whole or in part', async () => {
    const found = async (client: Client, text: string) =>
      (await ask(client, 'search', `/api/v1/search?q=${encodeURIComponent(text)}`)).json
    const hex = one.digest.slice('sha256:'.length)
    for (const text of ['on', 'built:one', ':one'])
      expect([text, at(await found(world.viewer, text), 'repositories')]).toEqual([
        text,
        [{ name: 'alpha/built', tags: ['one'], manifests: [] }],
      ])
    for (const text of [one.digest, hex.slice(0, 12), hex.slice(0, 7).toUpperCase(), `built@${one.digest}`])
      expect([text, at(await found(world.viewer, text), 'repositories')]).toEqual([
        text,
        [{ name: 'alpha/built', tags: [], manifests: [one.digest] }],
      ])
    expect(at(await found(world.viewer, 'app:one'), 'repositories')).toEqual([])
    const layer = one.blobs.at(-1)
    const begin = layer?.digest.slice(0, 'sha256:'.length + 9) ?? ''
    expect(at(await found(world.viewer, begin), 'blobs')).toEqual([
      { digest: layer?.digest, size: layer?.bytes.length },
    ])
    for (const text of [begin, one.digest, 'built:one'])
      expect(await found(world.stranger, text)).toEqual({ repositories: [], blobs: [] })
  })
})

describe('nobody sees what they may not', () => {
  const paths = ['image?ref=R:v1', 'image?ref=R', 'index?ref=R:v1', 'raw?ref=R:v1', 'tags?repository=R']

  test.each(paths)('/api/v1/%s', async (path) => {
    const asked = async (client: Client, name: string) => client.get(`/api/v1/${path.replace('R', name)}`)
    for (const client of [world.stranger, world.viewer, lamina.now.client]) {
      const hidden = await asked(client, 'beta/app')
      const absent = await asked(client, 'gama/app')
      check(hidden, { status: 404, code: 'NAME_UNKNOWN' })
      expect(textAt(absent.json, 'errors', 0, 'message').replace('gama', 'beta')).toBe(
        textAt(hidden.json, 'errors', 0, 'message'),
      )
    }
    check(await asked(lamina.now.admin, 'open/app'), { status: [200, 404] })
    check(await asked(lamina.now.client, '..'), { status: 400, code: 'REQUEST_INVALID' })
  })
})

describe('the API of imagelayers.io', () => {
  test('analyzes in the order of the request, the tip first', async () => {
    const repos = [{ name: 'alpha/built', tag: 'one' }, { name: 'beta/app', tag: 'v1' }, { name: 'open/app' }]
    const { json } = await ask(world.viewer, 'oldAnalyze', '/registry/analyze', { repos })
    expect(listAt(json).map((entry) => at(entry, 'status'))).toEqual([200, 404, 404])
    expect(at(json, 0, 'repo')).toEqual({ name: 'alpha/built', tag: 'one', size: 600, count: 3 })
    expect(listAt(json, 0, 'layers').map((layer) => at(layer, 'Size'))).toEqual([100, 200, 300])
    expect(at(json, 0, 'layers', 0, 'parent')).toBe(at(json, 0, 'layers', 1, 'id'))
  })

  test('has status, search and tags', async () => {
    check(await ask(lamina.now.client, 'oldStatus', '/registry/status'), { status: 200 })
    const found = await ask(world.viewer, 'oldSearch', '/registry/search?name=built')
    expect(found.json).toMatchObject({ num_results: 1, results: [{ name: 'alpha/built' }] })
    for (const name of ['alpha/built', 'alpha%2Fbuilt']) {
      const tags = await ask(world.viewer, 'oldTags', `/registry/images/${name}/tags`)
      expect(tags.json).toEqual({ both: both.digest, one: one.digest, two: two.digest })
    }
    await pushImage(lamina.now.admin, 'alpha/of/many/parts', one, 'v1')
    const deep = await ask(world.viewer, 'oldTags', '/registry/images/alpha/of/many/parts/tags')
    expect(deep.json).toEqual({ v1: one.digest })
    check(await world.viewer.get('/registry/images/beta/app/tags'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await world.viewer.get('/registry/images/beta/tags'), { status: 404, code: 'NAME_UNKNOWN' })
  })
})
