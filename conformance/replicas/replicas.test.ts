import { mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../protocol/support/exchange.ts'
import { blob, image } from '../protocol/support/images.ts'
import { listAt } from '../protocol/support/json.ts'
import { addMember, addUser, basic, bearer, fetchToken } from '../protocol/support/login.ts'
import {
  beginUpload,
  closing,
  locationOf,
  openUpload,
  pushImage,
  putManifest,
} from '../protocol/support/push.ts'
import { dispose, type Server, startServer } from '../protocol/support/server.ts'

/** Two replicas on one database, asked in turn: what one of them did counts on the other. */
let one: Server
let other: Server

beforeAll(async () => {
  one = await startServer()
  const data = await mkdtemp(join(tmpdir(), 'lamina-replica-'))
  // Stands for the S3 that replicas share; no two of them write to one upload at the same time here.
  await symlink(join(one.data, 'blobs'), join(data, 'blobs'))
  other = await startServer(one.settings, data)
})

afterAll(async () => {
  await dispose(other)
  await dispose(one)
})

/** Asks again until it is so: replicas have seconds to hear of a change. */
async function soon(ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await ask())) {
    if (Date.now() > end) throw new Error('the other replica has not heard of it in 30 s')
    await setTimeout(200)
  }
}

test('says at its start that blobs on a disk are for one process alone', () => {
  expect(one.log.join('\n')).toContain('only this process can serve this registry')
})

test('what one takes, the other has at once', async () => {
  const made = image('replicas/first')
  await pushImage(one.admin, 'shared/app', made, 'v1')
  check(await other.admin.get('/v2/shared/app/manifests/v1'), { status: 200, body: made.bytes })
  for (const { digest, bytes } of made.blobs)
    check(await other.admin.get(`/v2/shared/app/blobs/${digest}`), { status: 200, body: bytes })
})

test('two replicas that take 60 tags each of one repository leave 120', async () => {
  const made = image('replicas/tags')
  await pushImage(one.admin, 'shared/tags', made)
  const put = async (server: Server, name: string) =>
    check(await putManifest(server.admin, 'shared/tags', name, made), { status: 201 })
  await Promise.all(
    [one, other].map(async (server, at) => {
      for (let turn = 0; turn < 60; turn += 10)
        await Promise.all(Array.from({ length: 10 }, (_, index) => put(server, `r${at}-${turn + index}`)))
    }),
  )
  expect(listAt((await one.admin.get('/v2/shared/tags/tags/list?n=1000')).json, 'tags')).toHaveLength(120)
})

test('wrong passwords are counted together: together they compare more than one may, and both refuse for longer', async () => {
  await addUser(one.admin, 'guessed')
  const guess = (server: Server) => server.client.as(basic('guessed', 'wrong')).get('/token')
  const all = [one, other].flatMap((server) => Array.from({ length: 15 }, () => server))
  // By its own count alone, a replica never asks anybody to wait for more than a second.
  await soon(async () => {
    await Promise.all(all.map(guess))
    return Number((await guess(other)).header('retry-after')) > 1
  })
})

test('an upload goes on at the other, and is closed without a body by whichever', async () => {
  const { bytes, digest } = blob('replicas/upload', 3_000_000)
  const name = 'shared/uploads'
  const begun = await beginUpload(one.admin, name, bytes.subarray(0, 1_000_000))
  const next = await other.admin.patch(begun, bytes.subarray(1_000_000, 2_000_000))
  check(next, { status: 202, headers: { range: '0-1999999' } })
  const last = await one.admin.patch(locationOf(next), bytes.subarray(2_000_000))
  check(last, { status: 202, headers: { range: '0-2999999' } })
  check(await other.admin.put(closing(locationOf(last), digest)), { status: 201 })
  check(await one.admin.put(closing(locationOf(last), digest)), { status: 201 })
  check(await one.admin.get(`/v2/${name}/blobs/${digest}`), { status: 200, body: bytes })
})

test('an upload that one cancels is over on the other', async () => {
  const location = await openUpload(one.admin, 'shared/uploads')
  check(await other.admin.delete(location), { status: 204 })
  check(await one.admin.patch(location, 'x'), { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
})

test('a token that is signed with a key that one just made is good on the other at once', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    check(await one.admin.sendJson('POST', '/api/v1/keys/rotate', {}), { status: 200 })
    const token = await fetchToken(one.admin, 'repository:shared/app:pull')
    check(await other.client.as(bearer(token)).get('/v2/shared/app/manifests/v1'), { status: 200 })
  }
})

test('keys that one revokes are refused by the other within seconds, tokens that it knows included', async () => {
  const token = await fetchToken(other.admin, 'repository:shared/app:pull')
  const holder = other.client.as(bearer(token))
  check(await holder.get('/v2/shared/app/manifests/v1'), { status: 200 })
  check(await one.admin.sendJson('POST', '/api/v1/keys/rotate', { revoke: true }), { status: 200 })
  await soon(async () => (await holder.get('/v2/shared/app/manifests/v1')).status === 401)
})

test('users, members and passwords that one changes count on the other with the next request', async () => {
  const alice = await addUser(one.admin, 'alice')
  await addMember(one.admin, 'shared', 'alice', 'viewer')
  const there = other.client.as(alice.authorization ?? '')
  check(await there.get('/v2/shared/app/manifests/v1'), { status: 200 })
  check(await one.admin.delete('/api/v1/projects/shared/members/alice'), { status: [200, 204] })
  check(await there.get('/v2/shared/app/manifests/v1'), { status: [401, 403, 404] })
  check(await one.admin.delete('/api/v1/users/alice'), { status: [200, 204] })
  check(await there.get('/v2/'), { status: 401 })
})

test('the read-only switch closes both, and opens both', async () => {
  check(await one.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: true }), { status: 200 })
  const isClosed = async () => (await other.admin.post('/v2/shared/app/blobs/uploads/')).status === 503
  await soon(isClosed)
  check(await other.admin.get('/v2/shared/app/manifests/v1'), { status: 200 })
  check(await other.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: false }), { status: 200 })
  await soon(async () => (await one.admin.post('/v2/shared/app/blobs/uploads/')).status === 202)
})
