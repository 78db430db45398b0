import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TarFile, tar } from '../fixtures/tar.ts'
import {
  type BuiltImage,
  builtImage,
  dockerFiles,
  flatDockerFiles,
  formOf,
  layoutFiles,
  oddEntry,
} from './support/archives.ts'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { ON_CLUSTER } from './support/form.ts'
import {
  content,
  descriptor,
  index,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
} from './support/images.ts'
import { at, listAt, textAt } from './support/json.ts'
import { addMember } from './support/login.ts'
import { strayings } from './support/openapi.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** Images in and out as archives (openapi.yaml, tag `images`). */
// Refused archives that left their upload sessions open would soon have the next one refused.
const lamina = useServer({ ...WORLD_SETTINGS, LAMINA_INDEX_LAYERS: 'off', LAMINA_MAX_UPLOADS: '9' })
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TAR = 'application/x-tar'

async function send(
  client: Client,
  query: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const reply = await client.post(`/api/v1/import?${query}`, body, { 'content-type': TAR, ...headers })
  expect(reply.status === 200 ? [] : strayings('importImages', reply), reply.text.slice(0, 500)).toEqual([])
  return reply
}

/** As pzstd writes it: frames one after the other, each behind one to be skipped, and an empty one. */
function inFrames(bytes: Buffer): Buffer {
  const skipped = Buffer.from('502a4d180400000000000000', 'hex')
  const frames = [bytes.subarray(0, 3000), bytes.subarray(3000), Buffer.alloc(0)].map((part) =>
    zstdCompressSync(part),
  )
  return Buffer.concat(frames.flatMap((frame) => [skipped, frame]))
}

function layout(image: BuiltImage, name?: string): Buffer {
  return tar(layoutFiles([{ image, ...(name !== undefined && { name }) }], image.blobs))
}

/** What became of each layer and configuration, in the order of the archive. */
function states(reply: Reply): string[] {
  return listAt(reply.json, 'content').map((one) => textAt(one, 'state'))
}

async function isPulled(
  name: string,
  image: Pick<BuiltImage, 'digest' | 'blobs'>,
  tag: string,
): Promise<void> {
  const pulled = await world.viewer.get(`/v2/${name}/manifests/${tag}`)
  expect(pulled.header('docker-content-digest')).toBe(image.digest)
  for (const { digest, bytes } of image.blobs)
    expect((await world.viewer.get(`/v2/${name}/blobs/${digest}`)).body.equals(bytes)).toBe(true)
}

describe('an OCI layout', () => {
  const image = builtImage('layout', ['layout/a', 'layout/b'])

  test('becomes the image that it holds, byte for byte, and is nothing new when it comes again', async () => {
    const first = await send(world.writer, 'ref=alpha/layout:v1', layout(image))
    check(first, { status: 201 })
    expect(listAt(first.json, 'images')).toEqual([
      { digest: image.digest, mediaType: image.mediaType, tags: ['v1'] },
    ])
    expect(states(first)).toEqual(['stored', 'stored', 'stored'])
    await isPulled('alpha/layout', image, 'v1')
    expect(states(await send(world.writer, 'ref=alpha/layout:v2', layout(image)))).toEqual(
      Array(3).fill('present'),
    )
  })

  test.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['zstd-frames', (bytes: Buffer) => inFrames(bytes)],
  ])('may be compressed with %s', async (name, pack) => {
    const packed = builtImage(name, [`packed/${name}`])
    check(await send(world.writer, `ref=alpha/packed:${name}`, pack(layout(packed))), { status: 201 })
    await isPulled('alpha/packed', packed, name)
  })

  test('may come in a form', async () => {
    const sent = builtImage('form', ['form/a'])
    const form = formOf(layout(sent))
    check(await send(world.writer, 'ref=alpha/form:v1', form.body, { 'content-type': form.type }), {
      status: 201,
    })
    await isPulled('alpha/form', sent, 'v1')
  })

  test('may have its list last, and long names, and zeros behind its end', async () => {
    const late = builtImage('late', ['late/a'])
    const files = layoutFiles([{ image: late }], late.blobs).reverse()
    const padded = Buffer.concat([tar(files), Buffer.alloc(9216)])
    check(await send(world.writer, 'ref=alpha/late:v1', padded), { status: 201 })
    await isPulled('alpha/late', late, 'v1')
  })

  test('gives its images their own tags when only a repository is named', async () => {
    const [one, two] = [builtImage('own/1', ['own/a']), builtImage('own/2', ['own/a'])]
    const files = layoutFiles(
      [
        { image: one, name: 'localhost/app:first' },
        { image: one, name: 'also' },
        { image: two, name: 'second' },
      ],
      [one.config, two.config, ...one.blobs.slice(1)],
    )
    const twice = files.filter(({ name }, place) => files.findIndex((file) => file.name === name) === place)
    const reply = await send(world.writer, 'repository=alpha/own', tar(twice))
    check(reply, { status: 201 })
    expect(listAt(reply.json, 'images').map((of) => at(of, 'tags'))).toEqual([['first', 'also'], ['second']])
    const both = await send(world.writer, 'ref=alpha/own:one', tar(twice))
    check(both, { status: 400, code: 'REQUEST_INVALID' })
    expect(both.text).toContain('2 images')
  })

  test('may hold an index of several images', async () => {
    const parts = [
      builtImage('amd', ['multi/a'], true, 'amd64'),
      builtImage('arm', ['multi/b'], true, 'arm64'),
    ]
    const both = { ...index(parts), mediaType: OCI_INDEX }
    const files = layoutFiles([{ image: both }], [...parts, ...parts.flatMap(({ blobs }) => blobs)])
    check(await send(world.writer, 'ref=alpha/multi:all', tar(files)), { status: 201 })
    for (const part of parts) await isPulled('alpha/multi', part, part.digest)
    expect((await world.viewer.get('/v2/alpha/multi/manifests/all')).header('docker-content-digest')).toBe(
      both.digest,
    )
  })

  test('needs no layers that are here, in another repository that one may read', async () => {
    const moved = builtImage('moved', ['moved/a'])
    await pushImage(lamina.now.admin, 'alpha/source', moved, 'v1')
    const reply = await send(world.writer, 'ref=alpha/moved:v1', layout(moved))
    expect(states(reply)).toEqual(['mounted', 'mounted'])
    // What one may not read is stored, as if nobody had it.
    const hidden = builtImage('hidden', ['hidden/a'])
    await pushImage(lamina.now.admin, 'beta/source', hidden, 'v1')
    expect(states(await send(world.writer, 'ref=alpha/hidden:v1', layout(hidden)))).toEqual([
      'stored',
      'stored',
    ])
  })
})

describe('a docker archive', () => {
  const image = builtImage('docker', ['docker/a', 'docker/b'], false)

  test('becomes the same image each time, of the layers as they are', async () => {
    const files = dockerFiles(image, ['app:saved', 'localhost:5000/x/app:too'])
    const reply = await send(world.writer, 'repository=alpha/docker', tar(files))
    check(reply, { status: 201 })
    expect(at(reply.json, 'images', 0, 'tags')).toEqual(['saved', 'too'])
    const digest = textAt(reply.json, 'images', 0, 'digest')
    await isPulled('alpha/docker', { digest, blobs: image.blobs }, 'saved')
    const again = await send(world.writer, 'ref=alpha/docker:again', tar([...files].reverse()))
    expect(textAt(again.json, 'images', 0, 'digest')).toBe(digest)
    expect(states(again)).toEqual(['present', 'present', 'present'])
  })

  test('may name one layer by links, as podman does', async () => {
    const [layer] = image.plainLayers
    const hex = layer?.digest.slice('sha256:'.length) ?? ''
    const one = builtImage('links', ['docker/a'], false)
    const list = [{ Config: 'config', RepoTags: null, Layers: ['some/layer.tar'] }]
    const body = Buffer.concat([
      oddEntry('some/layer.tar', '2', `../${hex}.tar`),
      tar([
        { name: `${hex}.tar`, body: layer?.bytes ?? Buffer.alloc(0) },
        { name: 'config', body: one.config.bytes },
        { name: 'manifest.json', body: Buffer.from(JSON.stringify(list)) },
      ]),
    ])
    check(await send(world.writer, 'ref=alpha/docker:links', body), { status: 201 })
  })

  test('may hold an image without layers, as docker writes it', async () => {
    const config = content(Buffer.from(JSON.stringify({ os: 'linux', rootfs: { type: 'layers' } })))
    const body = tar([
      { name: `${config.digest.slice('sha256:'.length)}.json`, body: config.bytes },
      {
        name: 'manifest.json',
        body: Buffer.from(
          JSON.stringify([
            { Config: `${config.digest.slice('sha256:'.length)}.json`, RepoTags: null, Layers: null },
          ]),
        ),
      },
    ])
    check(await send(world.writer, 'ref=alpha/docker:empty', body), { status: 201 })
    const pulled = await world.viewer.get('/v2/alpha/docker/manifests/empty')
    expect(at(pulled.json, 'layers')).toEqual([])
  })

  test('is refused when a layer is not what its configuration says', async () => {
    const other = builtImage('liar', ['docker/other'], false)
    const files = dockerFiles({ ...image, config: other.config }, []).map((file) => file)
    check(await send(world.writer, 'ref=alpha/docker:liar', tar(files)), {
      status: 400,
      code: 'REQUEST_INVALID',
    })
  })
})

describe('what an archive may leave out', () => {
  const image = builtImage('thin', ['thin/a', 'thin/b'], false)
  const digests = image.blobs.map(({ digest }) => digest)
  const known = async (client: Client, repository: string, asked: readonly string[] = digests) => {
    const body = Buffer.from(JSON.stringify({ digests: asked }))
    const reply = await client.post(`/api/v1/import/known?repository=${repository}`, body, {
      'content-type': 'application/json',
    })
    expect(strayings('findKnownContent', reply), reply.text.slice(0, 500)).toEqual([])
    return reply
  }
  const withoutBlobs = (files: readonly TarFile[]): Buffer =>
    tar(files.filter(({ body }) => !image.blobs.some(({ bytes }) => bytes.equals(body))))

  test('is what the repository has, or one that the caller may read', async () => {
    expect(states(await known(world.writer, 'alpha/thin'))).toEqual([])
    await pushImage(lamina.now.admin, 'alpha/thick', image, 'v1')
    expect(states(await known(world.writer, 'alpha/thin'))).toEqual(['mounted', 'mounted', 'mounted'])
    expect(states(await known(world.writer, 'alpha/thin'))).toEqual(['present', 'present', 'present'])
    check(await known(world.viewer, 'alpha/thin'), { status: 403, code: 'DENIED' })
    check(await known(world.stranger, 'alpha/thin'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await known(world.writer, 'alpha/thin', ['sha256:no']), { status: 400, code: 'DIGEST_INVALID' })
  })

  test('and the image is the same, as a layout and as a docker archive', async () => {
    const layout = withoutBlobs(layoutFiles([{ image }], image.blobs))
    check(await send(world.writer, 'ref=alpha/thin:layout', layout), { status: 201 })
    await isPulled('alpha/thin', image, 'layout')
    const docker = flatDockerFiles(image)
    const whole = await send(world.writer, 'ref=alpha/whole:v1', tar(docker))
    const reply = await send(world.writer, 'ref=alpha/thin:docker', withoutBlobs(docker))
    check(reply, { status: 201 })
    expect(textAt(reply.json, 'images', 0, 'digest')).toBe(textAt(whole.json, 'images', 0, 'digest'))
    const elsewhere = await send(world.writer, 'ref=alpha/none:v1', withoutBlobs(docker))
    check(elsewhere, { status: 400, code: 'REQUEST_INVALID' })
  })
})

describe('what is no archive of images', () => {
  const image = builtImage('bad', ['bad/a'])
  const files = layoutFiles([{ image }], image.blobs)
  const raw = tar(files)
  const changed = (change: (file: TarFile) => TarFile): Buffer => tar(files.map(change))
  const first = (entry: Buffer): Buffer => Buffer.concat([entry, raw])

  test.each<readonly [string, Buffer, RegExp]>([
    ['text', Buffer.from('hello '.repeat(200)), /no tar archive/],
    ['nothing', Buffer.alloc(0), /neither index.json nor manifest.json/],
    ['zeros', Buffer.alloc(4096), /neither/],
    ['zeros without end', Buffer.alloc(3 * 1024 * 1024), /more follows behind its end/],
    ['one that is cut in a layer', raw.subarray(0, raw.length - 2000), /ends in the middle/],
    ['gzip that is cut', gzipSync(raw).subarray(0, 700), /damaged, or cut short/],
    ['xz', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), raw]), /bzip2 or xz/],
    ['a bomb', gzipSync(Buffer.alloc(2 * 1024 * 1024)), /more follows/],
    ['a name twice', Buffer.concat([tar(files).subarray(0, -1024), raw]), /in it twice/],
    ['a name that escapes', first(oddEntry('../../etc/passwd', '0')), /leads out/],
    ['an absolute name', first(oddEntry('/etc/passwd', '0')), /leads out/],
    ['a link that escapes', first(oddEntry('link', '2', '../../../etc/shadow')), /leads out/],
    ['a device', first(oddEntry('null', '3')), /neither a file/],
    ['a sparse file', first(oddEntry('sparse', 'S')), /sparse/],
    ['a size that nothing follows', first(oddEntry('huge', '0', '', 8 ** 10)), /ends in the middle/],
    ['a long name without end', first(oddEntry('x', 'L', '', 10_000_000)), /longer than/],
    [
      'a manifest that lies',
      changed((file) =>
        file.body === image.bytes ? { ...file, body: Buffer.concat([file.body, Buffer.from(' ')]) } : file,
      ),
      /have digest/,
    ],
    [
      'a list that is none',
      changed((file) => (file.name === 'index.json' ? { ...file, body: Buffer.from('[]') } : file)),
      /index.json is not/,
    ],
    ['a list of nothing', tar(layoutFiles([], [])), /no image/],
    [
      'a manifest that is not there',
      tar(files.filter(({ body }) => body !== image.bytes)),
      /holds no such manifest/,
    ],
  ])('%s is refused with the reason', async (name, body, reason) => {
    const reply = await send(world.writer, `ref=alpha/bad:v1`, body)
    check(reply, { status: 400 })
    expect(reply.text, name).toMatch(reason)
    expect((await world.writer.get('/v2/alpha/bad/manifests/v1')).status).toBe(404)
  })

  test('a digest that lies is refused', async () => {
    const liar = builtImage('digest', ['digest/a'])
    const [config, layer] = liar.blobs
    const lying = layoutFiles([{ image: liar }], liar.blobs).map((file) =>
      file.body === layer?.bytes ? { ...file, body: Buffer.alloc(file.body.length) } : file,
    )
    check(await send(world.writer, 'ref=alpha/bad:v1', tar(lying)), { status: 400, code: 'DIGEST_INVALID' })
    // What came whole before is there for the next try.
    expect((await world.writer.head(`/v2/alpha/bad/blobs/${config?.digest}`)).status).toBe(200)
    expect((await world.writer.head(`/v2/alpha/bad/blobs/${layer?.digest}`)).status).toBe(404)
  })

  test('a layer that is missing is named', async () => {
    const body = tar(files.filter((file) => file.body !== image.blobs[1]?.bytes))
    const reply = await send(world.writer, 'ref=alpha/missing:v1', body)
    check(reply, { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
    expect(reply.text).toContain(image.blobs[1]?.digest)
  })

  test.each([
    ['no boundary', 'multipart/form-data', raw],
    ['no file', 'multipart/form-data; boundary=b', Buffer.from('--b--\r\n')],
    ['an end in its file', 'multipart/form-data; boundary=boundary', formOf(raw).body.subarray(0, 3000)],
  ])('a form with %s is refused', async (_, type, body) => {
    check(await send(world.writer, 'ref=alpha/bad:form', body, { 'content-type': type }), {
      status: 400,
      code: 'REQUEST_INVALID',
    })
  })
})

describe('lines', () => {
  const accept = { accept: 'application/x-ndjson' }
  const linesOf = (reply: Reply): unknown[] =>
    reply.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))

  test('tell of each piece, then of the images', async () => {
    const image = builtImage('lines', ['lines/a'])
    const reply = await send(world.writer, 'ref=alpha/lines:v1', layout(image), accept)
    expect(reply.header('content-type')).toBe('application/x-ndjson')
    expect(
      linesOf(reply).map((line) => at(line, 'content', 'state') ?? at(line, 'done', 'repository')),
    ).toEqual(['stored', 'stored', 'alpha/lines'])
  })

  test('end with the failure that came after the first', async () => {
    const image = builtImage('broken-lines', ['lines/b'])
    const body = layout(image)
    const reply = await send(world.writer, 'ref=alpha/lines:v2', body.subarray(0, body.length - 1500), accept)
    expect(reply.status).toBe(200)
    expect(at(linesOf(reply).at(-1), 'errors', 0, 'code')).toBe('REQUEST_INVALID')
  })

  test('a failure before the first has its status', async () => {
    check(await send(world.writer, 'ref=alpha/lines:v3', Buffer.from('no'.repeat(600)), accept), {
      status: 400,
    })
  })
})

describe('rights', () => {
  const body = layout(builtImage('rights', ['rights/a']))

  test('to import are those to push', async () => {
    check(await send(world.viewer, 'ref=alpha/rights:v1', body), { status: 403, code: 'DENIED' })
    check(await send(world.stranger, 'ref=alpha/rights:v1', body), { status: 404, code: 'NAME_UNKNOWN' })
    check(await send(world.stranger, 'ref=absent/rights:v1', body), { status: 404, code: 'NAME_UNKNOWN' })
    check(await send(lamina.now.client, 'ref=alpha/rights:v1', body), { status: 401, code: 'UNAUTHORIZED' })
    await addMember(lamina.now.admin, 'open', 'writer', 'viewer')
    check(await send(world.writer, 'ref=open/rights:v1', body), { status: 403, code: 'DENIED' })
  })

  test('to export are those to pull', async () => {
    for (const path of ['/api/v1/export?ref=beta/app:v1', '/api/v1/export?ref=absent/app:v1'])
      check(await world.stranger.get(path), { status: 404, code: 'NAME_UNKNOWN' })
    check(await lamina.now.client.get('/api/v1/export?ref=open/app:v1'), { status: 200 })
  })

  test.each(['', 'ref=Bad', `ref=alpha/app@sha256:${'0'.repeat(64)}`, 'repository=A'])(
    '%s names no target',
    async (query) => {
      check(await send(world.writer, query, body), { status: [400, 404] })
    },
  )
})

describe('the command line', () => {
  const image = builtImage('typed', ['typed/a'])
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lamina-archives-'))
  })
  afterAll(async () => rm(folder, { recursive: true }))

  /** Runs `lamina` beside the server. */
  function typed(words: readonly string[]): Promise<{ code: unknown; out: string; error: string }> {
    const env = { ...process.env, LAMINA_DATA: lamina.now.data }
    return new Promise((resolve) => {
      execFile(join(ROOT, 'bin/lamina'), words, { cwd: folder, env }, (error, out, stderr) => {
        resolve({ code: error?.code ?? 0, out, error: stderr })
      })
    })
  }

  test.skipIf(ON_CLUSTER)('imports, exports, and says why it did not', async () => {
    await writeFile(join(folder, 'in.tar'), layout(image))
    const came = await typed(['import', 'in.tar', 'alpha/typed:v1'])
    expect(came, came.error).toMatchObject({ code: 0 })
    expect(came.out).toContain(`alpha/typed:v1  ${image.digest}`)
    await isPulled('alpha/typed', image, 'v1')
    const left = await typed(['export', 'alpha/typed:v1', '--output', 'out.tar', '--json'])
    expect(JSON.parse(left.out)).toMatchObject({ digest: image.digest, file: 'out.tar' })
    const exported = await world.viewer.get('/api/v1/export?ref=alpha/typed:v1')
    expect((await readFile(join(folder, 'out.tar'))).equals(exported.body)).toBe(true)
    await writeFile(join(folder, 'bad.tar'), 'nothing')
    const refused = await typed(['import', 'bad.tar', 'alpha/typed:v2'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.error).toContain('the archive is refused')
  })
})

describe('an export', () => {
  const parts = [
    builtImage('out/amd', ['out/a', 'out/b'], true, 'amd64'),
    builtImage('out/arm', ['out/a', 'out/c'], true, 'arm64'),
  ]
  const both = content(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: parts.map((part, place) =>
          descriptor(part.mediaType, part, {
            platform: { os: 'linux', architecture: place === 0 ? 'amd64' : 'arm64' },
          }),
        ),
      }),
    ),
  )
  const path = (query: string) => `/api/v1/export?ref=alpha/out:all${query}`

  beforeAll(async () => {
    const files = layoutFiles(
      [{ image: { ...both, mediaType: OCI_INDEX } }],
      [...parts, ...new Set(parts.flatMap(({ blobs }) => blobs))],
    )
    const once = files.filter(({ name }, place) => files.findIndex((file) => file.name === name) === place)
    check(await send(world.writer, 'ref=alpha/out:all', tar(once)), { status: 201 })
  })

  test('of an index holds all of it, in the same bytes each time, and comes in again as it was', async () => {
    const first = await world.viewer.get(path(''))
    check(first, { status: 200, headers: { 'content-type': TAR, 'docker-content-digest': both.digest } })
    expect(first.header('content-length')).toBe(String(first.body.length))
    expect((await world.viewer.get(path(''))).body.equals(first.body)).toBe(true)
    check(await world.viewer.head(path('')), {
      status: 200,
      headers: { 'content-length': String(first.body.length) },
    })
    const back = await send(world.writer, 'repository=alpha/back', first.body)
    expect(listAt(back.json, 'images')).toEqual([
      { digest: both.digest, mediaType: OCI_INDEX, tags: ['all'] },
    ])
  })

  test.each([
    ['&platform=linux/arm64', 1],
    ['&format=docker', 0],
    ['&format=docker&platform=linux/arm64', 1],
  ])('%s holds one image of an index', async (query, place) => {
    const reply = await world.viewer.get(path(query))
    check(reply, { status: 200, headers: { 'docker-content-digest': parts[place]?.digest ?? '' } })
    const back = await send(world.writer, 'repository=alpha/one', reply.body)
    expect(at(back.json, 'images', 0, 'digest')).toBe(parts[place]?.digest)
    expect(reply.body.includes('manifest.json')).toBe(query.includes('docker'))
  })

  test.each([
    ['&platform=plan9/mips', 'REQUEST_INVALID', 400],
    ['&format=zip', 'REQUEST_INVALID', 400],
  ])('%s is refused', async (query, code, status) => {
    check(await world.viewer.get(path(query)), { status, code })
  })

  test.each(['oci', 'docker'])('of one image as %s is for the platform that it is of', async (format) => {
    const of = `/api/v1/export?ref=alpha/out@${parts[1]?.digest}&format=${format}&platform=`
    for (const platform of ['linux/amd64', 'nonsense'])
      check(await world.viewer.get(`${of}${platform}`), { status: 400, code: 'REQUEST_INVALID' })
    for (const platform of ['linux/arm64', 'linux/arm64/v8'])
      check(await world.viewer.get(`${of}${platform}`), { status: 200 })
  })

  test('of content that is named by sha512 comes in again as it was', async () => {
    const built = builtImage('out/long', ['out/long'])
    const [config, layer] = built.blobs.map((blob) => ({ ...blob, digest: blob.sha512 }))
    if (config === undefined || layer === undefined) throw new Error('an image has both')
    const made = manifest({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor(OCI_CONFIG, config),
      layers: [descriptor(OCI_LAYER, layer)],
    })
    await pushImage(lamina.now.admin, 'alpha/long', { ...made, blobs: [config, layer] }, 'v1')
    for (const format of ['oci', 'docker']) {
      const left = await world.viewer.get(`/api/v1/export?ref=alpha/long:v1&format=${format}`)
      expect(left.header('content-length')).toBe(String(left.body.length))
      const back = await send(world.writer, `ref=alpha/longer:${format}`, left.body)
      check(back, { status: 201 })
      await isPulled('alpha/longer', { digest: made.digest, blobs: [config, layer] }, format)
    }
  })

  test('of what is not there is 404', async () => {
    check(await world.viewer.get('/api/v1/export?ref=alpha/out:absent'), {
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    })
    check(await world.viewer.get('/api/v1/export'), { status: 400, code: 'REQUEST_INVALID' })
  })
})
