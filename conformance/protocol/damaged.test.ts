import { open, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { blob, image } from './support/images.ts'
import { at } from './support/json.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/** Issue: "a damaged blob is quarantined, answered with a clear error instead of wrong bytes, listed, and healed". */
const lamina = useServer()
const client = () => lamina.now.admin
const NAME = 'rot/app'
const AGAIN = /damaged[^"]*push it again/

/** Where the server keeps a digest's bytes. */
async function fileOf(digest: string): Promise<string> {
  const hex = digest.slice('sha256:'.length)
  const folder = join(lamina.now.data, 'blobs/blobs/sha256', hex.slice(0, 2))
  const [only, ...more] = (await readdir(folder)).filter((file) => file.startsWith(hex))
  if (only === undefined || more.length > 0) throw new Error(`${digest} is stored ${more.length} times`)
  return join(folder, only)
}

test.each([
  ['gone', (file: string) => rm(file)],
  ['cut short', (file: string) => truncate(file, 150_000)],
])('a blob whose bytes are %s is never a whole answer, and the next push heals it', async (how, harm) => {
  const made = blob(`rot ${how}`, 200_000)
  const path = `/v2/${NAME}/blobs/${made.digest}`
  await pushBlob(client(), NAME, made)
  await harm(await fileOf(made.digest))
  for (const round of ['finds it', 'remembers it']) {
    const refused = await client().get(path)
    check(refused, { status: 404, code: 'BLOB_UNKNOWN' })
    expect(refused.text, round).toMatch(AGAIN)
  }
  check(await client().head(path), { status: 404 })
  const mounted = await client().post(`/v2/rot/other/blobs/uploads/?mount=${made.digest}&from=${NAME}`)
  check(mounted, { status: 202 })
  const listed = await client().get('/api/v1/damaged')
  expect(at(listed.json, 'damaged', 0, 'digest')).toBe(made.digest)
  await pushBlob(client(), 'rot/elsewhere', made)
  check(await client().get(path), { status: 200, body: made.bytes })
  check(await client().get('/api/v1/damaged'), { status: 200, json: { damaged: [] } })
})

test('a manifest that relies on damaged bytes is refused until they are pushed again', async () => {
  const made = image('rot/manifest')
  for (const one of made.blobs) await pushBlob(client(), NAME, one)
  const [first] = made.blobs
  if (first === undefined) throw new Error('an image without blobs')
  await rm(await fileOf(first.digest))
  check(await client().get(`/v2/${NAME}/blobs/${first.digest}`), { status: 404 })
  const refused = await putManifest(client(), NAME, 'v1', made)
  check(refused, { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
  expect(refused.text).toMatch(AGAIN)
  await pushBlob(client(), NAME, first)
  check(await putManifest(client(), NAME, 'v1', made), { status: 201 })
})

test('a large manifest with a flipped byte is never a whole answer, and the next push heals it', async () => {
  const made = image('rot/large', { annotations: { fill: 'x'.repeat(1_000_000) } })
  await pushImage(client(), NAME, made, 'large')
  const path = `/v2/${NAME}/manifests/large`
  check(await client().get(path), { status: 200, body: made.bytes })
  const file = await open(await fileOf(made.digest), 'r+')
  await file.write(Buffer.from('y'), 0, 1, 500_000)
  await file.close()
  const pulled = await client()
    .get(path)
    .catch(() => undefined)
  if (pulled !== undefined) check(pulled, { status: 404, code: 'MANIFEST_UNKNOWN' })
  const refused = await client().get(path)
  check(refused, { status: 404, code: 'MANIFEST_UNKNOWN' })
  expect(refused.text).toMatch(AGAIN)
  check(await putManifest(client(), NAME, 'large', made), { status: 201 })
  check(await client().get(path), { status: 200, body: made.bytes })
})

test('a scrub finds a flipped byte, pulls are refused, and the next push heals it', async () => {
  const made = blob('rot/flipped', 100_000)
  const path = `/v2/${NAME}/blobs/${made.digest}`
  await pushBlob(client(), NAME, made)
  const file = await open(await fileOf(made.digest), 'r+')
  await file.write(Buffer.of((made.bytes[50_000] ?? 0) ^ 1), 0, 1, 50_000)
  await file.close()
  check(await client().post('/api/v1/scrub'), { status: 202 })
  await expect
    .poll(async () => at((await client().get('/api/v1/scrub')).json, 'finished'), { timeout: 20_000 })
    .toBeDefined()
  const listed = await client().get('/api/v1/damaged')
  expect(at(listed.json, 'damaged', 0, 'digest')).toBe(made.digest)
  check(await client().get(path), { status: 404, code: 'BLOB_UNKNOWN' })
  await pushBlob(client(), NAME, made)
  check(await client().get(path), { status: 200, body: made.bytes })
  check(await client().get('/api/v1/damaged'), { status: 200, json: { damaged: [] } })
})

test('the list is for administrators', async () => {
  check(await lamina.now.client.get('/api/v1/damaged'), { status: 401 })
  const nowhere = await lamina.now.admin.get('/api/v1/damaged?last=nonsense')
  check(nowhere, { status: 400, code: 'DIGEST_INVALID' })
})
