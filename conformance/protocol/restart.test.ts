import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob, image, index } from './support/images.ts'
import { listAt } from './support/json.ts'
import { bearer, fetchToken } from './support/login.ts'
import { beginUpload, closing, openUpload, pushBlob, pushImage, putManifest } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { dispose, type Server, startServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/** DESIGN promise 1: "What was answered 201 survives `kill -9` […] at any instant, and stays pullable, byte for byte". */
let server: Server | undefined

afterEach(async () => {
  if (server !== undefined) await dispose(server)
  server = undefined
})

async function killed(running: Server): Promise<Server> {
  await running.kill()
  return running.again()
}

async function stopped(running: Server): Promise<Server> {
  await running.stop()
  return running.again()
}

const NAME = 'restart/app'
const IMAGE = image('restart', {}, 2)
const INDEX = index([IMAGE])
const WIDE = image('restart/wide')
const DELETED = image('restart/deleted')
const UPLOADS = ['digest', 'sha512'].map((key) => ({ made: blob(`restart/${key}`, 300_000), key }))
const FULL = blob('restart/full', 5000)

async function pushAll(client: Client): Promise<void> {
  await pushImage(client, NAME, DELETED, 'deleted')
  await pushImage(client, NAME, IMAGE, 'v1')
  await pushImage(client, NAME, INDEX, 'all')
  for (const each of WIDE.blobs) await pushBlob(client, NAME, each)
  check(await client.delete(`/v2/${NAME}/manifests/${DELETED.digest}`), { status: 202 })
  check(await putManifest(client, NAME, `${WIDE.sha512}?tag=wide`, WIDE), { status: 201 })
}

async function expectAll(client: Client): Promise<void> {
  check(await client.get(`/v2/${NAME}/manifests/v1`), { status: 200, body: IMAGE.bytes })
  check(await client.get(`/v2/${NAME}/manifests/all`), { status: 200, body: INDEX.bytes })
  const wide = await client.get(`/v2/${NAME}/manifests/wide`)
  check(wide, { status: 200, body: WIDE.bytes, headers: { 'docker-content-digest': WIDE.sha512 } })
  for (const each of [...IMAGE.blobs, ...WIDE.blobs])
    check(await client.get(`/v2/${NAME}/blobs/${each.digest}`), { status: 200, body: each.bytes })
  check(await client.get(`/v2/${NAME}/manifests/deleted`), { status: 404 })
  check(await client.get(`/v2/${NAME}/tags/list`), {
    status: 200,
    json: { name: NAME, tags: ['all', 'v1', 'wide'] },
  })
}

/** A chunk of `bytes` at `start`, with its Content-Range. */
async function patchAt(client: Client, location: string, bytes: Buffer, start: number): Promise<Reply> {
  return client.patch(location, bytes, { 'content-range': `${start}-${start + bytes.length - 1}` })
}

describe.each([
  ['kill -9', killed],
  ['SIGTERM', stopped],
])('after %s, twice,', (_name, restart) => {
  // Issue 3: "Upload sessions survive a restart […] and resume"
  test('all that was answered is there, deletions included, and uploads go on at their offset', async () => {
    server = await startServer({ LAMINA_AUTH: 'off' })
    await pushAll(server.client)
    const locations: string[] = []
    for (const { made } of UPLOADS)
      locations.push(await beginUpload(server.client, NAME, made.bytes.subarray(0, 100_000)))
    const [empty, cancelled] = [await openUpload(server.client, NAME), await openUpload(server.client, NAME)]
    const full = await beginUpload(server.client, NAME, FULL.bytes)
    check(await server.client.delete(cancelled), { status: 204 })

    server = await restart(server)
    await expectAll(server.client)
    for (const [which, { made }] of UPLOADS.entries()) {
      const location = locations[which] ?? ''
      check(await server.client.get(location), { status: 204, headers: { range: '0-99999' } })
      const wrong = await patchAt(server.client, location, made.bytes.subarray(200_000), 200_000)
      check(wrong, { status: 416, headers: { range: '0-99999' } })
      const right = await patchAt(server.client, location, made.bytes.subarray(100_000, 200_000), 100_000)
      check(right, { status: 202, headers: { range: '0-199999' } })
    }
    check(await server.client.get(empty), { status: 204, headers: { range: '0--1' } })
    check(await server.client.get(cancelled), { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
    check(await server.client.put(closing(full, FULL.digest)), { status: 201 })

    server = await restart(server)
    await expectAll(server.client)
    for (const [which, { made, key }] of UPLOADS.entries()) {
      const digest = key === 'sha512' ? made.sha512 : made.digest
      check(await server.client.put(closing(locations[which] ?? '', digest), made.bytes.subarray(200_000)), {
        status: 201,
      })
      check(await server.client.get(`/v2/${NAME}/blobs/${digest}`), { status: 200, body: made.bytes })
    }
    // "A lost 201 answered again for the same session+digest is a kindness": over a restart too.
    check(await server.client.put(closing(full, FULL.digest)), { status: 201 })
  })
})

test('a password of admin that comes after the first start changes nothing, and the log says so', async () => {
  server = await startServer()
  const told = () => server?.log.filter((line) => line.includes('LAMINA_ADMIN_PASSWORD was not looked at'))
  expect(told()).toEqual([])
  await server.stop()
  server = await server.again({ LAMINA_ADMIN_PASSWORD: 'a later password' })
  expect(told()).toHaveLength(1)
  check(await server.admin.get('/v2/'), { status: 200 })
})

describe('kill -9 in the middle', () => {
  // Shown by: "`docker push`, `kill -9` of the server in the middle, restart, push again: completes, and pulls back
  // identical."
  test('of a PATCH: the session tells an offset that is true, and completes from there', async () => {
    server = await startServer({ LAMINA_AUTH: 'off' })
    const made = blob('restart/middle', 8_000_000)
    const done = blob('restart/done', 1000)
    await pushBlob(server.client, NAME, done)
    const location = await beginUpload(server.client, NAME, made.bytes.subarray(0, 1_000_000))
    const connection = await RawConnection.open(server.url)
    connection.write(head(`PATCH ${location} HTTP/1.1`, 'Host: x', 'Content-Length: 7000000'))
    connection.write(made.bytes.subarray(1_000_000, 5_000_000))
    await new Promise((resolve) => setTimeout(resolve, 150))
    server = await killed(server)
    connection.destroy()
    const status = await server.client.get(location)
    check(status, { status: 204 })
    const offset = Number(/^0-(-?\d+)$/.exec(status.header('range') ?? '')?.[1]) + 1
    expect(offset).toBeGreaterThanOrEqual(0)
    expect(offset).toBeLessThanOrEqual(5_000_000)
    check(await server.client.head(`/v2/${NAME}/blobs/${made.digest}`), { status: 404 })
    check(await server.client.put(closing(location, made.digest), made.bytes.subarray(offset)), {
      status: 201,
    })
    check(await server.client.get(`/v2/${NAME}/blobs/${made.digest}`), { status: 200, body: made.bytes })
    check(await server.client.get(`/v2/${NAME}/blobs/${done.digest}`), { status: 200, body: done.bytes })
  })

  test('of many pushes: whatever was answered 201 is there, and nothing is there in part', async () => {
    server = await startServer({ LAMINA_AUTH: 'off' })
    const made = Array.from({ length: 60 }, (_, at) => blob(`restart/many/${at}`, 20_000 + at))
    const acknowledged = new Set<string>()
    const { client } = server
    const pushes = made.map(async (each) => {
      const reply = await client
        .post(`/v2/${NAME}/blobs/uploads/?digest=${each.digest}`, each.bytes)
        .catch((error: unknown) => error)
      // The kill cuts most of them off: only an answer counts.
      if (reply instanceof Error) return
      acknowledged.add(each.digest)
    })
    await Promise.race(pushes)
    server = await killed(server)
    await Promise.all(pushes)
    expect(acknowledged.size).toBeGreaterThan(0)
    for (const each of made) {
      const reply = await server.client.get(`/v2/${NAME}/blobs/${each.digest}`)
      if (acknowledged.has(each.digest) || reply.status === 200)
        check(reply, { status: 200, body: each.bytes })
      else check(reply, { status: 404, code: 'BLOB_UNKNOWN' })
    }
  })
})

describe('keys', () => {
  // "ES256, keys in the metadata store": a token outlives the process that made it.
  test('stay: a token from before a restart is good after it, and the keys are the same', async () => {
    server = await startServer({ LAMINA_AUTH: 'on' })
    await pushImage(server.admin, NAME, IMAGE, 'v1')
    const token = await fetchToken(server.admin, `repository:${NAME}:pull`)
    const keys = async (from: Server) =>
      listAt((await from.client.get('/.well-known/jwks.json')).json, 'keys')
    const before = await keys(server)
    server = await killed(server)
    check(await server.client.as(bearer(token)).get(`/v2/${NAME}/manifests/v1`), {
      status: 200,
      body: IMAGE.bytes,
    })
    expect(await keys(server)).toEqual(before)
  })
})
