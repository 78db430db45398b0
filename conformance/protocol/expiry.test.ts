import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { at } from './support/json.ts'
import { addMember, addUser, bearer, challengeOf, claimsOf, fetchToken } from './support/login.ts'
import { beginUpload, closing, openUpload } from './support/push.ts'
import { useServer } from './support/server.ts'
import { IMAGES, makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** P§3.1: "Authorise at request start only; a token expiring mid-upload must not kill it." */
const lamina = useServer({ ...WORLD_SETTINGS, LAMINA_TOKEN_SECONDS: '1' })
const client = () => lamina.now.client
const NAME = 'alpha/app'
const PUSH = `repository:${NAME}:pull,push`
const [GOES_ON, CANCELLED, FOREIGN, GONE] = ['goes on', 'cancelled', 'foreign', 'gone'].map((seed) =>
  blob(`expiry/${seed}`, 1000),
)

let world: World
/** The writer, with a token that was good when the uploads below began and is not any more. */
let late: Client
let lateOwner: Client
let lateGoner: Client
const sessions = { goesOn: '', cancelled: '', foreign: '', gone: '' }

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  const goner = await addUser(lamina.now.admin, 'goner')
  await addMember(lamina.now.admin, 'alpha', 'goner', 'writer')
  const tokens = await Promise.all(
    [world.writer, world.owner, goner].map(async (who) => fetchToken(who, PUSH)),
  )
  const [writer, owner, gone] = tokens.map((token) => client().as(bearer(token)))
  if (writer === undefined || owner === undefined || gone === undefined)
    throw new Error('three tokens were asked for')
  late = writer
  lateOwner = owner
  lateGoner = gone
  // Sessions belong to the account: begun with fresh tokens, so that a slow machine cannot expire them here.
  sessions.goesOn = await beginUpload(world.writer, NAME, GOES_ON?.bytes.subarray(0, 500) ?? Buffer.alloc(0))
  sessions.cancelled = await beginUpload(world.writer, NAME, CANCELLED?.bytes ?? Buffer.alloc(0))
  sessions.foreign = await beginUpload(world.owner, NAME, FOREIGN?.bytes ?? Buffer.alloc(0))
  sessions.gone = await beginUpload(goner, NAME, GONE?.bytes ?? Buffer.alloc(0))
  const expires = Math.max(...tokens.map((token) => Number(at(claimsOf(token), 'exp'))))
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expires * 1000 - Date.now()) + 1100))
})

describe('an expired token', () => {
  test('goes on with the upload of its account: PATCH, GET, PUT', async () => {
    check(
      await late.patch(sessions.goesOn, GOES_ON?.bytes.subarray(500, 700) ?? '', {
        'content-range': '500-699',
      }),
      { status: 202, headers: { range: '0-699' } },
    )
    check(await late.get(sessions.goesOn), { status: 204, headers: { range: '0-699' } })
    check(
      await late.put(closing(sessions.goesOn, GOES_ON?.digest ?? ''), GOES_ON?.bytes.subarray(700) ?? ''),
      { status: 201 },
    )
    check(await world.viewer.get(`/v2/${NAME}/blobs/${GOES_ON?.digest}`), {
      status: 200,
      body: GOES_ON?.bytes ?? '',
    })
  })

  test('cancels the upload of its account', async () => {
    check(await late.delete(sessions.cancelled), { status: 204 })
  })

  test.each(['GET', 'PATCH', 'PUT', 'DELETE'])(
    'does nothing to the upload of another account: %s',
    async (method) => {
      const path = method === 'PUT' ? closing(sessions.foreign, FOREIGN?.digest ?? '') : sessions.foreign
      const reply = await late.ask({ method, path, body: '' })
      check(reply, { status: [401, 404] })
      check(await world.owner.get(sessions.foreign), { status: 204, headers: { range: '0-999' } })
    },
  )

  test('does nothing else: each other request is 401 invalid_token', async () => {
    const digest = IMAGES[NAME].blobs[0]?.digest
    const asks = [
      { path: '/v2/' },
      { path: `/v2/${NAME}/manifests/v1` },
      { path: `/v2/${NAME}/blobs/${digest}` },
      { path: `/v2/${NAME}/tags/list` },
      { path: '/v2/_catalog' },
      { method: 'POST', path: `/v2/${NAME}/blobs/uploads/`, body: '' },
      { method: 'POST', path: `/v2/${NAME}/blobs/uploads/?mount=${digest}`, body: '' },
      {
        method: 'PUT',
        path: `/v2/${NAME}/manifests/v1`,
        headers: { 'content-type': IMAGES[NAME].mediaType },
        body: IMAGES[NAME].bytes,
      },
      { method: 'DELETE', path: `/v2/${NAME}/manifests/v1` },
    ]
    for (const ask of asks) {
      const reply = await lateOwner.ask(ask)
      expect(reply.status, `${ask.method ?? 'GET'} ${ask.path}`).toBe(401)
      expect(challengeOf(reply).parameters['error']).toBe('invalid_token')
    }
  })

  // "the account is still active" (DESIGN §5)
  test('of an account that is gone does not go on', async () => {
    check(await lamina.now.admin.delete('/api/v1/users/goner'), { status: 204 })
    const reply = await lateGoner.put(closing(sessions.gone, GONE?.digest ?? ''))
    check(reply, { status: [401, 404] })
    check(await world.viewer.head(`/v2/${NAME}/blobs/${GONE?.digest}`), { status: 404 })
  })

  test('with a broken signature does not go on', async () => {
    const location = await openUpload(world.writer, NAME)
    const broken = client().as(`${late.authorization?.slice(0, -8)}AAAAAAAA`)
    check(await broken.patch(location, 'x'), { status: 401 })
    check(await late.patch(location, 'x'), { status: 202 })
  })
})
