import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { header, tar } from '../fixtures/tar.ts'
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
const marked = layer({ 'o/.wh..wh..opq': '', 'o/a': 'é'.repeat(9), 'o/b': 'b' })
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

/** The header of a hard link: that of a file, with its type, its target and another sum. */
function hardLink(name: string, target: string): Buffer {
  const block = header(name, 0)
  block.write('1', 156)
  block.write(target, 157)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const links = content(
  gzipSync(
    Buffer.concat([
      ...[
        ['usr/link', 'etc/config'],
        ['usr/again', '/usr/link'],
        ['usr/self', 'usr/self'],
        ['usr/away', '../etc/config'],
      ].map(([name = '', target = '']) => hardLink(name, target)),
      Buffer.alloc(1024),
    ]),
  ),
)

const whole = imageOf([base, middle, top])
const linked = imageOf([base, links, marked])
const wrong = imageOf([base, broken], [`sha256:${'ab'.repeat(32)}`])

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  await pushImage(lamina.now.admin, 'alpha/files', whole, 'v1')
  await pushImage(lamina.now.admin, 'alpha/files', wrong, 'wrong')
  await pushImage(lamina.now.admin, 'alpha/files', linked, 'linked')
  await pushImage(lamina.now.admin, 'beta/files', whole, 'v1')
  for (const one of [base, middle, top, links, broken, marked]) await indexed(one)
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

  test('says on every page that a directory is opaque', async () => {
    const page = async (query: string) =>
      (await ask(world.viewer, 'getLayerTree', `/api/v1/layer/${marked.digest}/tree?path=o&${query}`)).json
    const first = await page('n=1')
    expect(first).toMatchObject({ opaque: true, entries: [{ name: 'a' }] })
    expect(await page(`n=1&cursor=${textAt(first, 'next')}`)).toMatchObject({
      opaque: true,
      entries: [{ name: 'b' }],
    })
  })

  test('that is none says so, and its image is shown', async () => {
    expect(await indexed(broken)).toMatchObject({ state: 'unsupported' })
    for (const list of ['tree', 'files?q=a'])
      check(await world.viewer.get(`/api/v1/layer/${broken.digest}/${list}`), {
        status: 422,
        code: 'UNSUPPORTED',
      })
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

  test('shows what some of its layers did alone', async () => {
    expect(rows(await tree('since=2'))).toEqual([
      ['<script>.js', 'added', 2],
      ['var', 'same', 0],
    ])
    const both = await tree('since=1')
    expect(rows(both)).toEqual([
      ['<script>.js', 'added', 2],
      ['app', 'added', 1],
      ['etc', 'same', 0],
      ['usr', 'same', 0],
      ['var', 'same', 0],
    ])
    expect(at(both.json, 'entries', 3, 'shipped')).toEqual({ bytes: 4, files: 1 })
    expect(rows(await tree('since=1&path=/etc'))).toEqual([
      ['config', 'changed', 1],
      ['secret', 'removed', 1],
    ])
    expect(rows(await tree('since=2&path=/etc'))).toEqual([])
    expect(rows(await tree('since=1&upto=1&path=/usr/lib'))).toEqual([['a', 'same', 1]])
    expect(rows(await tree('since=1&path=/var/x'))).toEqual([
      ['y', 'removed', 2],
      ['z', 'added', 2],
    ])
    expect(rows(await tree('since=0&path=/etc'))).toEqual([
      ['config', 'added', 1],
      ['secret', 'removed', 1],
    ])
    for (const query of ['since=3', 'since=1&upto=0', 'since=-1'])
      check(await tree(query), { status: 400, code: 'REQUEST_INVALID' })
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

  test('what looks like a secret, also where a later layer hides it', async () => {
    const secrets = imageOf([
      layer({ 'app/.env': 'TOKEN=1', 'root/.ssh/id_rsa': 'KEY', 'app/main': 'run' }),
      layer({ 'app/.wh..env': '' }),
    ])
    await pushImage(lamina.now.admin, 'alpha/files', secrets, 'secrets')
    for (const one of secrets.blobs.slice(1)) await indexed(one)
    const { json } = await get('getHints', 'image/hints?ref=alpha/files:secrets')
    expect(json).toMatchObject({
      missing: [],
      more: false,
      words: [],
      files: [
        { path: 'app/.env', kind: 'environment-file', layers: [0], hidden: true },
        { path: 'root/.ssh/id_rsa', kind: 'private-key', layers: [0], hidden: false },
      ],
    })
  })

  test('files by a part of their path, whichever layer hides them', async () => {
    const found = async (text: string) => {
      const query = `ref=alpha/files:v1&q=${encodeURIComponent(text)}`
      const { json } = await get('findFiles', `image/files?${query}`)
      return listAt(json, 'files').map((one) => [at(one, 'path'), at(one, 'layer'), at(one, 'hidden')])
    }
    expect(await found('ETC/')).toEqual([
      ['etc/config', 1, false],
      ['etc/secret', 0, true],
    ])
    expect(await found('<script>')).toEqual([['<script>.js', 2, false]])
    expect(await found('e.c')).toEqual([])
  })

  test.each([
    ['glob=etc/*', ['etc/config', 'etc/secret']],
    ['glob=config', []],
    ['regex=^etc/.*t$', ['etc/secret']],
    ['regex=(?i)ETC/|lib/[ab]$', ['etc/config', 'etc/secret', 'usr/lib/a', 'usr/lib/b']],
    ['minSize=3&maxSize=4', ['etc/secret', 'usr/lib/a', 'app/main']],
    ['minSize=4&q=lib', ['usr/lib/a']],
    ['type=dir&q=lib', ['usr/lib']],
    ['type=dir&type=file&glob=app*', ['app', 'app/main']],
    ['type=symlink', []],
    ['flags=setuid&flags=world-writable', []],
    [
      'sort=size&minSize=2',
      ['<script>.js', 'etc/config', 'usr/lib/a', 'app/main', 'etc/secret', 'usr/lib/b'],
    ],
  ])('files by %s', async (filter, paths) => {
    const query = filter.replaceAll(/[|^()?]/g, encodeURIComponent)
    const { json } = await get('findFiles', `image/files?ref=alpha/files:v1&${query}`)
    const found = listAt(json, 'files').map((one) => textAt(one, 'path'))
    expect(filter.startsWith('sort') ? found : found.toSorted()).toEqual(
      filter.startsWith('sort') ? paths : paths.toSorted(),
    )
  })

  test('files of one layer alone', async () => {
    const path = `layer/${middle.digest}/files?regex=^[ae]`
    const reply = await get('findLayerFiles', path)
    const { json } = reply
    const again = await world.viewer.get(`/api/v1/${path}`, { 'if-none-match': reply.header('etag') ?? '' })
    check(again, { status: 304 })
    expect(
      listAt(json, 'files').map((one) => [at(one, 'path'), at(one, 'layer'), at(one, 'hidden')]),
    ).toEqual([
      ['app/main', 0, false],
      ['etc/config', 0, false],
    ])
  })

  test.each([
    ['', 'a search needs one of'],
    ['q=', 'a search needs one of'],
    ['regex=(', '( has no )'],
    ['regex=(?=a)', 'nothing looks around'],
    ['minSize=big', 'whole number of bytes'],
    ['type=whiteout', 'type takes file, '],
    ['flags=sticky', 'flags takes setuid, '],
    ['sort=date&q=a', 'sort takes path or size'],
    [`glob=${'a'.repeat(501)}`, 'glob takes at most 500 characters'],
  ])('files are not looked for by %s', async (filter, words) => {
    for (const path of ['image/files?ref=alpha/files:v1&', `layer/${middle.digest}/files?`]) {
      const reply = await world.viewer.get(`/api/v1/${path}${filter}`)
      check(reply, { status: 400, code: 'REQUEST_INVALID' })
      expect(reply.text).toContain(words)
    }
  })

  test('packages, each with the layer that brought its version', async () => {
    const status = (...versions: readonly string[]) =>
      versions.map((one) => `Package: ${one.split('=').join('\nVersion: ')}\n`).join('\n')
    const modules = 'app/node_modules'
    const made = imageOf([
      layer({
        'var/lib/dpkg/status': status('bash=5.1', 'curl=7', 'zlib=1'),
        [`${modules}/gone/package.json`]: '{"name":"gone","version":"1.0.0"}',
        [`${modules}/@a/b/package.json`]: '{"name":"@a/b","version":"1.0.0"}',
        [`${modules}/@a/b/lib/package.json`]: '{"name":"no module","version":"1.0.0"}',
      }),
      layer({
        'var/lib/dpkg/status': status('bash=5.2', 'zlib=1', 'jq=1.6'),
        [`${modules}/.wh.gone`]: '',
        [`${modules}/@a/b/package.json`]: '{"name":"@a/b","version":"1.0.1"}',
        'usr/lib/python3/dist-packages/ruamel_yaml-0.18.dist-info/METADATA': 'x',
        'usr/lib/python3/dist-packages/six-1.16.0.egg-info': 'x',
        'lib/apk/db/installed': 'P:musl\nV:1.2.4-r2\nA:x86_64\n\n',
        'var/lib/rpm/rpmdb.sqlite': 'not one',
        'var/lib/dpkg/status.d/tzdata': status('tzdata=2024a'),
        'var/lib/dpkg/status.d/tzdata.md5sums': status('sums=1'),
      }),
    ])
    await pushImage(lamina.now.admin, 'alpha/files', made, 'packages')
    for (const one of made.blobs.slice(1)) await indexed(one)
    const { json } = await get('getPackages', 'image/packages?ref=alpha/files:packages')
    expect(
      listAt(json, 'packages').map((one) =>
        ['type', 'name', 'version', 'layer'].map((name) => at(one, name)),
      ),
    ).toEqual([
      ['apk', 'musl', '1.2.4-r2', 1],
      ['deb', 'bash', '5.2', 1],
      ['deb', 'jq', '1.6', 1],
      ['deb', 'tzdata', '2024a', 1],
      ['deb', 'zlib', '1', 0],
      ['npm', '@a/b', '1.0.1', 1],
      ['python', 'ruamel-yaml', '0.18', 1],
      ['python', 'six', '1.16.0', 1],
    ])
    expect(at(json, 'unread')).toEqual([{ path: 'var/lib/rpm/rpmdb.sqlite', layer: 1 }])
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
    const page = (query: string) =>
      get('getLayerUsage', `layer/${top.digest}/usage?n=1${query}`, lamina.now.admin)
    const first = await page('')
    expect(at(first.json, 'more')).toBe(true)
    const second = await page(`&cursor=${textAt(first.json, 'next')}`)
    expect(listAt(second.json, 'images').map((one) => at(one, 'repository'))).toEqual(['beta/files'])
    expect([at(second.json, 'more'), at(second.json, 'next')]).toEqual([false, undefined])
    check(await page('&cursor=bm9wZQ'), { status: 400, code: 'REQUEST_INVALID' })
    check(await get('getDeduplication', 'projects/alpha/dedup'), { status: 200 })
  })

  test('who asks for every report, many times at once, gets them all', async () => {
    const reports = [
      ['getDeduplication', 'projects/alpha/dedup'],
      ['getWaste', 'image/waste?ref=alpha/files:v1'],
      ['getHints', 'image/hints?ref=alpha/files:v1'],
      ['findFiles', 'image/files?ref=alpha/files:v1&q=a'],
      ['findLayerFiles', `layer/${middle.digest}/files?q=a`],
      ['compareImages', 'compare?a=alpha/files:v1&b=alpha/files:v1'],
    ] as const
    for (const [operation, path] of reports) {
      const replies = await Promise.all(Array.from({ length: 10 }, () => get(operation, path)))
      for (const reply of replies) check(reply, { status: 200, body: replies[0]?.body ?? Buffer.alloc(0) })
    }
  })

  test('an image keeps rules, or not', async () => {
    const checked = (query: string) => get('checkImage', `image/check?ref=alpha/files:v1&${query}`)
    const size = base.size + middle.size + top.size
    check(await checked(`maxLayers=3&maxSize=${size}&minScore=0.1&maxWasted=1000&forbid=*.pem`), {
      status: 200,
    })
    const failed = await checked(
      `maxLayers=2&maxSize=${size - 1}&minScore=1&maxWasted=0&forbid=etc/secret&forbid=*lib*&forbid=*.pem`,
    )
    check(failed, { status: 422, code: 'CHECK_FAILED' })
    const broken = listAt(at(listAt(failed.json, 'errors')[0], 'detail'), 'broken')
    expect(broken.map((one) => [at(one, 'rule'), at(one, 'limit')])).toEqual([
      ['minScore', 1],
      ['maxWasted', 0],
      ['maxSize', size - 1],
      ['maxLayers', 2],
      ['forbid', 'etc/secret'],
      ['forbid', '*lib*'],
      ['forbid', '*lib*'],
      ['forbid', '*lib*'],
    ])
    expect(broken.slice(4).map((one) => at(one, 'found'))).toEqual([
      'etc/secret',
      'usr/lib',
      'usr/lib/a',
      'usr/lib/b',
    ])
    for (const query of ['', 'minScore=2', 'maxLayers=-1', 'maxSize=1e9', 'forbid='])
      check(await checked(query), { status: 400, code: 'REQUEST_INVALID' })
    check(await get('checkImage', 'image/check?ref=alpha/files:wrong&maxWasted=1'), {
      status: 422,
      code: 'UNSUPPORTED',
    })
  })

  test('what an image was built on, and what was built on it, page by page', async () => {
    const chain = [base, middle, top]
    const diffIds = chain.map(({ bytes }) => content(gunzipSync(bytes)).digest)
    for (const count of [1, 2, 3]) {
      const image = imageOf(chain.slice(0, count), diffIds.slice(0, count))
      await pushImage(lamina.now.admin, 'alpha/family', image, `of-${count}`)
    }
    const lineage = (query: string) => get('getLineage', `image/lineage?ref=alpha/family:of-2${query}`)
    const tagsIn = (json: unknown, side: string) => listAt(json, side).map((one) => at(one, 'tags', 0))
    const { json: all } = await lineage('')
    expect([tagsIn(all, 'bases'), tagsIn(all, 'derived')]).toEqual([['of-1'], ['of-3']])
    expect([at(all, 'partial'), at(all, 'next')]).toEqual([false, undefined])
    const found = new Set<unknown>()
    for (let cursor = ''; ; ) {
      const { json } = await lineage(`&n=1${cursor}`)
      for (const tag of [...tagsIn(json, 'bases'), ...tagsIn(json, 'derived')]) {
        expect(found).not.toContain(tag)
        found.add(tag)
      }
      expect(at(json, 'partial')).toBe(at(json, 'next') !== undefined)
      if (at(json, 'next') === undefined) break
      cursor = `&cursor=${textAt(json, 'next')}`
    }
    expect(found).toEqual(new Set(['of-1', 'of-3']))
    check(await lineage('&cursor=bm9wZQ'), { status: 400, code: 'REQUEST_INVALID' })
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
    // A word that every object knows is no metric of ours.
    for (const metric of ['constructor', '__proto__', 'toString'])
      expect(
        at(
          (await get('getBadgeJson', `badge.json?ref=alpha/files:v1&metric=${metric}`, world.viewer)).json,
          'message',
        ),
      ).toMatch(/3 layers/)
  })

  test('badges that somebody signed in for are kept by no cache that others share', async () => {
    for (const [client, kept] of [
      [world.viewer, 'private, max-age=300'],
      [lamina.now.client, 'max-age=300'],
    ] as const)
      for (const form of ['svg', 'json'])
        check(await client.get(`/api/v1/badge.${form}?ref=alpha/files:v1`), {
          status: 200,
          headers: { 'cache-control': kept },
        })
  })

  test('a key shows the badge of its repository and nothing else, until it is taken back', async () => {
    const all = '/api/v1/projects/alpha/badges'
    const admin = lamina.now.admin
    const made = await admin.sendJson('POST', all, { repository: 'alpha/files' })
    check(made, { status: 201 })
    const key = textAt(made.json, 'key')
    const shown = async (ref: string) =>
      at((await get('getBadgeJson', `badge.json?ref=${ref}&key=${key}`, world.stranger)).json, 'message')
    expect(await shown('alpha/files:v1')).toMatch(/3 layers/)
    expect(await shown('alpha/app:v1')).toBe('unknown')
    expect(await shown('beta/files:v1')).toBe('unknown')
    check(await world.stranger.get(`/api/v1/image?ref=alpha/files:v1&key=${key}`), { status: 404 })
    const listed = await admin.get(all)
    expect(listAt(listed.json, 'badges').map((one) => at(one, 'repository'))).toEqual(['alpha/files'])
    for (const last of ['zz', 'abc', 'alpha/files'])
      check(await world.owner.get(`${all}?last=${last}`), { status: 400, code: 'REQUEST_INVALID' })
    expect(listed.text).not.toContain(key)
    check(await world.viewer.get(all), { status: 403 })
    check(await admin.sendJson('POST', all, { repository: 'beta/files' }), {
      status: 400,
      code: 'REQUEST_INVALID',
    })
    check(await admin.ask({ method: 'DELETE', path: `${all}/${textAt(made.json, 'id')}` }), { status: 204 })
    expect(await shown('alpha/files:v1')).toBe('unknown')
  })
})

/** By digest an answer is kept for good, unless it says what may change: who else has a layer, what is here. */
test.each([
  ['getRaw', 'raw?ref=REF', true],
  ['getImageTree', 'image/tree?ref=REF', true],
  ['getWaste', 'image/waste?ref=REF', true],
  ['getHints', 'image/hints?ref=REF', true],
  ['getPackages', 'image/packages?ref=REF', true],
  ['findFiles', 'image/files?ref=REF&q=a', true],
  ['checkImage', 'image/check?ref=REF&maxWasted=1000', true],
  ['compareImages', 'compare?a=REF&b=REF', true],
  ['getImage', 'image?ref=REF', false],
  ['getIndex', 'index?ref=REF', false],
  ['getLineage', 'image/lineage?ref=REF', false],
])('%s by digest is kept: %s, %s', async (operation, path, forGood) => {
  const byDigest = `/api/v1/${path.replaceAll('REF', `alpha/files@${whole.digest}`)}`
  const reply = await ask(world.viewer, operation, byDigest)
  check(reply, {
    status: 200,
    headers: { 'cache-control': forGood ? /^private, max-age=31536000, immutable$/ : 'no-store' },
  })
  if (forGood) {
    const again = await world.viewer.get(byDigest, { 'if-none-match': reply.header('etag') ?? '' })
    check(again, { status: 304 })
    expect(again.text).toBe('')
    check(await world.stranger.get(byDigest, { 'if-none-match': reply.header('etag') ?? '' }), {
      status: 404,
    })
  }
  const byTag = await ask(world.viewer, operation, `/api/v1/${path.replaceAll('REF', 'alpha/files:v1')}`)
  check(byTag, { status: 200, headers: { 'cache-control': 'no-store' } })
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

  test('is text also where a part begins or ends in the middle of a character', async () => {
    const type = async (offset: number, length: number) => {
      const query = `path=o/a&offset=${offset}&length=${length}`
      return (await world.viewer.get(`/api/v1/layer/${marked.digest}/file?${query}`)).header('content-type')
    }
    for (const [offset, length] of [
      [0, 18],
      [0, 9],
      [1, 9],
    ] as const)
      expect(await type(offset, length)).toBe('text/plain; charset=utf-8')
  })

  test('that is none, or not for the caller, is not there', async () => {
    check(await file('path=var/x'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await file('path=../etc/passwd'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await file('path=var/x/z&offset=x'), { status: 400, code: 'REQUEST_INVALID' })
    check(await file('path=var/x/z', world.stranger), { status: 404, code: 'BLOB_UNKNOWN' })
  })
})

describe('files of an image', () => {
  const open = (query: string, client = world.viewer) =>
    client.get(`/api/v1/image/file?ref=alpha/files:${query}`)

  test('are read from the layer that has them', async () => {
    check(await open('v1&path=etc/config'), {
      status: 200,
      body: 'newer',
      headers: { 'x-file-layer': middle.digest },
    })
    check(await open('v1&path=etc/config&upto=0'), { status: 200, body: 'old' })
    check(await open('v1&path=usr/lib/b'), {
      status: 200,
      body: 'bb',
      headers: { 'x-file-layer': base.digest },
    })
    const byDigest = `/api/v1/image/file?ref=alpha/files@${whole.digest}&path=etc/config`
    const etag = (await world.viewer.get(byDigest)).header('etag') ?? ''
    check(await world.viewer.get(byDigest, { 'if-none-match': etag }), { status: 304 })
    for (const path of ['etc/secret', 'var/x/y', 'etc', 'nowhere'])
      check(await open(`v1&path=${path}`), { status: 404, code: 'NAME_UNKNOWN' })
    check(await open('v1&path=etc/config', world.stranger), { status: 404, code: 'NAME_UNKNOWN' })
  })

  test('are read through hard links into layers below, and not round in circles', async () => {
    check(await open('linked&path=usr/link'), {
      status: 200,
      body: 'old',
      headers: { 'x-file-layer': base.digest },
    })
    check(await open('linked&path=usr/again'), { status: 200, body: 'old' })
    for (const path of ['usr/self', 'usr/away'])
      check(await open(`linked&path=${path}`), { status: 404, code: 'NAME_UNKNOWN' })
  })

  test('are said to be missing of the layers that can be read, and of no others', async () => {
    const said = async (query: string) => textAt((await open(query)).json, 'errors', 0, 'message')
    expect(await said('v1&path=nowhere')).toBe('there is no such file in this image')
    expect(await said('wrong&path=nowhere')).toContain('1 of its 2 layers cannot be read whole')
  })
})

test('pages of other sites may read what anyone may see, and nothing else', async () => {
  await pushImage(lamina.now.admin, 'open/files', whole, 'v1')
  const allowed = async (client: Client, path: string) =>
    (await client.get(path)).header('access-control-allow-origin')
  const image = '/api/v1/image?ref=open/files:v1'
  expect(await allowed(lamina.now.client, image)).toBe('*')
  expect(await allowed(world.viewer, image)).toBeUndefined()
  expect(await allowed(lamina.now.client, '/api/v1/image?ref=alpha/files:v1')).toBeUndefined()
})

test('what is being indexed says so, and when to come again', async () => {
  const layer = `/api/v1/layer/${base.digest}`
  const asked = [
    `${layer}/tree`,
    `${layer}/files?q=a`,
    `${layer}/file?path=etc/config`,
    '/api/v1/image/file?ref=alpha/files:v1&path=etc/config',
    '/api/v1/image/check?ref=alpha/files:v1&minScore=0',
  ]
  for (const path of asked) {
    let reply = await world.viewer.get(path)
    // It may be done between the two requests.
    for (let round = 0; round < 100 && reply.status !== 503; round++) {
      await lamina.now.admin.ask({ method: 'POST', path: `${layer}/index` })
      reply = await world.viewer.get(path)
    }
    check(reply, { status: 503, code: 'UNAVAILABLE', headers: { 'retry-after': '1' } })
  }
  await indexed(base)
})
