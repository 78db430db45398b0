import { beforeAll, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { at, textAt } from './support/json.ts'
import { bearer } from './support/login.ts'
import { useServer } from './support/server.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** Whoever finds a personal token must not be able to keep what it opens: what is made with it goes with it. */
const lamina = useServer(WORLD_SETTINGS)
const TOKENS = '/api/v1/user/tokens'
const DAY = 86_400_000
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

interface Made {
  readonly id: string
  readonly client: Client
  readonly expires: unknown
}

async function make(who: Client, more: object = {}): Promise<Made> {
  const reply = await who.sendJson('POST', TOKENS, { name: 'made', ...more })
  check(reply, { status: 201 })
  const client = who.as(bearer(textAt(reply.json, 'secret')))
  return { id: textAt(reply.json, 'id'), client, expires: at(reply.json, 'expires') }
}

test('a token that is made with another goes with it, and with nothing else', async () => {
  const [found, other] = [await make(world.viewer), await make(world.viewer)]
  const kept = await make(found.client)
  check(await kept.client.get('/api/v1/user'), { status: 200 })
  check(await world.viewer.delete(`${TOKENS}/${other.id}`), { status: 204 })
  check(await kept.client.get('/api/v1/user'), { status: 200 })
  check(await world.viewer.delete(`${TOKENS}/${found.id}`), { status: 204 })
  check(await kept.client.get('/api/v1/user'), { status: 401 })
  expect((await world.viewer.get(TOKENS)).text).not.toContain(kept.id)
})

test('a token that is made with another ends no later', async () => {
  const brief = await make(world.owner, { expiresInDays: 1 })
  for (const more of [{}, { expiresInDays: 3650 }])
    expect((await make(brief.client, more)).expires).toBe(brief.expires)
  const lasting = await make(world.owner)
  const { expires } = await make(lasting.client, { expiresInDays: 2 })
  expect(Date.parse(String(expires)) - Date.now()).toBeLessThanOrEqual(2 * DAY)
})

test('a token that is made with another makes no further ones', async () => {
  const { client } = await make((await make(world.writer)).client)
  check(await client.sendJson('POST', TOKENS, { name: 'next' }), { status: 403, code: 'DENIED' })
})

test('a session that was begun with a token makes no tokens that outlive it', async () => {
  const found = await make(world.stranger, { expiresInDays: 1 })
  const secret = found.client.authorization?.slice('Bearer '.length)
  const begun = await lamina.now.client.sendJson('POST', '/api/v1/session', {
    username: 'stranger',
    password: secret,
  })
  const cookie = begun.header('set-cookie')?.split(';')[0] ?? ''
  const page = { cookie, 'sec-fetch-site': 'same-origin' }
  const reply = await lamina.now.client.sendJson('POST', TOKENS, { name: 'kept' }, page)
  check(reply, { status: 201 })
  expect(textAt(reply.json, 'expires')).toBe(found.expires)
  check(await world.stranger.delete(`${TOKENS}/${found.id}`), { status: 204 })
  expect((await world.stranger.get(TOKENS)).text).not.toContain('kept')
})
