import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { blob, descriptor, image, index, manifest, OCI_INDEX, OCI_LAYER } from './support/images.ts'
import { at, listAt, textAt } from './support/json.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/**
 * Indexes that name more or less than images: BuildKit's caches (`--cache-to type=registry`, without `image-manifest`) name
 * layers and a config of their own kind, and whoever copies one platform pushes an index without the others.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const lamina = useServer()

const layers = [blob('cache/one', 3000), blob('cache/two', 4000)]
const config = blob('cache/config', 100)
const absent = blob('cache/absent', 10)
const cache = manifest({
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [
    ...[...layers, absent].map((layer) => descriptor(OCI_LAYER, layer)),
    descriptor('application/vnd.buildkit.cacheconfig.v0', config),
  ],
})
const here = image('cache/here')
const sparse = index([here, image('cache/elsewhere')])
let token = ''

beforeAll(async () => {
  const { admin } = lamina.now
  for (const one of [...layers, config]) await pushBlob(admin, 'build/cache', one)
  check(await putManifest(admin, 'build/cache', 'main', cache), { status: 201 })
  await pushImage(admin, 'build/sparse', here)
  await pushImage(admin, 'build/sparse', sparse, 'v1')
  const made = await admin.sendJson('POST', '/api/v1/user/tokens', { name: 'cli' })
  token = textAt(made.json, 'secret')
})

function run(...words: string[]): Promise<unknown> {
  const env = { PATH: process.env['PATH'], LAMINA_URL: lamina.now.url, LAMINA_TOKEN: token }
  return new Promise((resolve, reject) => {
    execFile(join(ROOT, 'bin/lamina'), [...words, '--json'], { cwd: ROOT, env }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout))
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

test('a cache is pulled as it was pushed', async () => {
  const { admin } = lamina.now
  check(await admin.get('/v2/build/cache/manifests/main'), { status: 200, body: cache.bytes })
  for (const { digest, bytes } of [...layers, config])
    check(await admin.get(`/v2/build/cache/blobs/${digest}`), { status: 200, body: bytes })
})

test('an archive of a cache holds its layers, and makes the same cache elsewhere', async () => {
  const { admin } = lamina.now
  const archive = await admin.get('/api/v1/export?ref=build/cache:main')
  check(archive, { status: 200 })
  for (const { bytes } of layers) expect(archive.body.includes(bytes)).toBe(true)
  const back = await admin.post('/api/v1/import?ref=build/again:main', archive.body, {
    'content-type': 'application/x-tar',
  })
  check(back, { status: 201 })
  for (const { digest } of [...layers, config])
    check(await admin.head(`/v2/build/again/blobs/${digest}`), { status: 200 })
})

test('a cache shows what it names, and that no image is among it', async () => {
  const { admin } = lamina.now
  const entries = listAt((await admin.get('/api/v1/index?ref=build/cache:main')).json, 'manifests')
  expect(entries.map((one) => at(one, 'digest'))).toEqual(
    [...layers, absent, config].map(({ digest }) => digest),
  )
  const view = await admin.get('/api/v1/image?ref=build/cache:main')
  check(view, { status: 404, code: 'MANIFEST_UNKNOWN' })
  expect(view.text).toContain("the index in 'build/cache' has no image; /api/v1/index lists what it has")
})

test('cp brings the layers of a cache along, but for those that nobody pushed', async () => {
  const { admin } = lamina.now
  expect(await run('cp', 'build/cache:main', 'build/copy')).toMatchObject({ manifests: 1, blobs: 4 })
  check(await admin.get('/v2/build/copy/manifests/main'), { status: 200, body: cache.bytes })
  for (const { digest } of [...layers, config])
    check(await admin.head(`/v2/build/copy/blobs/${digest}`), { status: 200 })
})

test('cp and du take an index of which only some images were pushed', async () => {
  const { admin } = lamina.now
  expect(await run('cp', 'build/sparse:v1', 'build/sparser')).toMatchObject({ manifests: 2, blobs: 2 })
  check(await admin.get('/v2/build/sparser/manifests/v1'), { status: 200, body: sparse.bytes })
  const stored = here.blobs.reduce((sum, { size }) => sum + size, 0)
  expect(await run('du', 'build/sparse')).toMatchObject({ stored })
})
