import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { heardEverywhere } from './support/form.ts'
import { blob, image } from './support/images.ts'
import { addUser, basic, fetchToken } from './support/login.ts'
import { beginUpload, closing, pushImage } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'
import type { Ask } from './support/wire.ts'

/** Issue 3, item 6: "LAMINA_READ_ONLY (writes get 503 with the reason and Retry-After; also at run time)". */
const IMAGE = image('read-only')
const NAME = 'still/app'
const LAYER = IMAGE.blobs[1]?.digest ?? ''
const HALF = blob('read-only/half', 100)
let server: Server
let location = ''

beforeAll(async () => {
  server = await startServer({ LAMINA_AUTH: 'on' })
  await addUser(server.admin, 'reader', 'a reader who reads')
  await pushImage(server.admin, NAME, IMAGE, 'v1')
  location = await beginUpload(server.admin, NAME, HALF.bytes.subarray(0, 50))
})

afterAll(async () => dispose(server))

const READS: readonly Ask[] = [
  { path: '/v2/' },
  { path: '/v2/_catalog' },
  ...['GET', 'HEAD'].flatMap((method) => [
    { method, path: `/v2/${NAME}/manifests/v1` },
    { method, path: `/v2/${NAME}/blobs/${LAYER}` },
    { method, path: `/v2/${NAME}/tags/list` },
    { method, path: `/v2/${NAME}/referrers/${IMAGE.digest}` },
  ]),
]

const writes = (): Ask[] => [
  { method: 'POST', path: `/v2/${NAME}/blobs/uploads/`, body: '' },
  { method: 'POST', path: `/v2/${NAME}/blobs/uploads/?digest=${LAYER}`, body: IMAGE.blobs[1]?.bytes ?? '' },
  { method: 'POST', path: `/v2/new/app/blobs/uploads/?mount=${LAYER}&from=${NAME}`, body: '' },
  { method: 'PATCH', path: location, body: HALF.bytes.subarray(50) },
  { method: 'PUT', path: closing(location, HALF.digest), body: HALF.bytes.subarray(50) },
  { method: 'DELETE', path: location },
  {
    method: 'PUT',
    path: `/v2/${NAME}/manifests/v2`,
    headers: { 'content-type': IMAGE.mediaType },
    body: IMAGE.bytes,
  },
  {
    method: 'PUT',
    path: `/v2/${NAME}/manifests/${IMAGE.digest}?tag=v3`,
    headers: { 'content-type': IMAGE.mediaType },
    body: IMAGE.bytes,
  },
  { method: 'DELETE', path: `/v2/${NAME}/manifests/v1` },
  { method: 'DELETE', path: `/v2/${NAME}/manifests/${IMAGE.digest}` },
  { method: 'DELETE', path: `/v2/${NAME}/blobs/${LAYER}` },
]

/** Every way to write is closed (zot CVE-2026-41888: "each policy switch × each route that can reach the effect"). */
async function expectReadOnly(reason?: string): Promise<void> {
  for (const ask of READS) check(await server.admin.ask(ask), { status: 200 })
  check(await server.client.as(basic('reader', 'a reader who reads')).get('/token'), { status: 200 })
  for (const ask of writes()) {
    const reply = await server.admin.ask(ask)
    check(reply, { status: 503, code: 'UNAVAILABLE', headers: { 'retry-after': /^\d+$/ } })
    if (reason !== undefined) expect(reply.text).toContain(reason)
  }
  check(await server.admin.get(`/v2/${NAME}/tags/list`), { status: 200, json: { name: NAME, tags: ['v1'] } })
}

describe('at run time', () => {
  test('closes with a reason, and opens again with the upload still there', async () => {
    check(
      await server.admin.sendJson('PUT', '/api/v1/read-only', {
        readOnly: true,
        reason: 'moving to a new disk',
      }),
      { status: [200, 204] },
    )
    await heardEverywhere()
    await expectReadOnly('moving to a new disk')
    check(await server.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: false }), {
      status: [200, 204],
    })
    await heardEverywhere()
    check(await server.admin.put(closing(location, HALF.digest), HALF.bytes.subarray(50)), { status: 201 })
  })

  test('tells the caller without rights about rights first', async () => {
    check(await server.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: true }), { status: [200, 204] })
    check(await server.client.post(`/v2/${NAME}/blobs/uploads/`), { status: 401 })
    check(await server.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: false }), {
      status: [200, 204],
    })
  })
})

test('a check of what is stored is possible, a repair is not', async () => {
  const readOnly = (on: boolean) => server.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: on })
  check(await readOnly(true), { status: 200 })
  await heardEverywhere()
  check(await server.admin.sendJson('POST', '/api/v1/fsck', { repair: true }), {
    status: 503,
    code: 'UNAVAILABLE',
  })
  check(await server.admin.sendJson('POST', '/api/v1/fsck', {}), { status: 202 })
  await expect
    .poll(async () => (await server.admin.get('/api/v1/fsck')).json, { timeout: 60_000 })
    .toMatchObject({ state: 'done', problems: [] })
  check(await readOnly(false), { status: 200 })
})

describe('LAMINA_READ_ONLY', () => {
  test('closes from the start, tokens included in what still works', async () => {
    await heardEverywhere()
    location = await beginUpload(server.admin, NAME, HALF.bytes.subarray(0, 50))
    await server.stop()
    server = await server.again({ LAMINA_READ_ONLY: 'true' })
    await fetchToken(server.admin, `repository:${NAME}:pull,push`)
    await expectReadOnly()
  })
})
