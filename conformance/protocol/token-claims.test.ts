import { createPublicKey, verify } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { heardEverywhere } from './support/form.ts'
import { at, listAt, textAt } from './support/json.ts'
import { basic, bearer, challengeOf, claimsOf, fetchToken, headerOf, tokenPath } from './support/login.ts'
import { useServer } from './support/server.ts'
import { expectToken, postToken } from './support/token-answers.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** P§3.3: what a token says, who can verify it, and guessing passwords. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

describe('the token itself', () => {
  async function keyOf(caller: Client, token: string): Promise<unknown> {
    const keys = listAt((await caller.get('/.well-known/jwks.json')).json, 'keys')
    return keys.find((key) => at(key, 'kid') === at(headerOf(token), 'kid'))
  }

  // "JWT claims for outside verifiers: iss, sub (empty if anonymous), aud=service, exp, nbf, iat, jti, `access[]`"
  test('says who, for whom, what and how long', async () => {
    const reply = await world.owner.get(tokenPath(['repository:alpha/app:pull']))
    const token = textAt(reply.json, 'token')
    const claims = claimsOf(token)
    const service = challengeOf(await client().get('/v2/')).parameters['service']
    expect(at(headerOf(token), 'alg')).toBe('ES256')
    expect(textAt(claims, 'iss')).toMatch(/\S/)
    expect(textAt(claims, 'sub')).toMatch(/owner/)
    expect([at(claims, 'aud'), at(claims, 'aud', 0)]).toContain(service)
    const [exp, iat, nbf] = ['exp', 'iat', 'nbf'].map((name) => Number(at(claims, name)))
    expect(exp).toBe(Number(iat) + Number(at(reply.json, 'expires_in')))
    expect(Number(nbf)).toBeLessThanOrEqual(Number(iat))
    const again = await fetchToken(world.owner, 'repository:alpha/app:pull')
    expect(textAt(claimsOf(again), 'jti')).not.toBe(textAt(claims, 'jti'))
  })

  test('verifies with the published keys, which hold nothing private', async () => {
    const token = await fetchToken(world.owner)
    const key = await keyOf(client(), token)
    expect([at(key, 'kty'), at(key, 'crv'), at(key, 'd')]).toEqual(['EC', 'P-256', undefined])
    const publicKey = createPublicKey({
      format: 'jwk',
      key: { kty: 'EC', crv: 'P-256', x: textAt(key, 'x'), y: textAt(key, 'y') },
    })
    const [header = '', claims = '', signature = ''] = token.split('.')
    const verified = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
    expect(verified).toBe(true)
  })

  // issue 3: "rotation that invalidates nobody's running push"
  test('outlives the rotation of its key', async () => {
    const old = await fetchToken(world.owner, 'repository:alpha/app:pull,push')
    check(await lamina.now.admin.post('/api/v1/keys/rotate'), { status: [200, 201, 204] })
    await heardEverywhere()
    const fresh = await fetchToken(world.owner, 'repository:alpha/app:pull')
    expect(at(headerOf(fresh), 'kid')).not.toBe(at(headerOf(old), 'kid'))
    for (const token of [old, fresh]) {
      check(await client().as(bearer(token)).get('/v2/alpha/app/manifests/v1'), { status: 200 })
      expect(await keyOf(client(), token)).toBeDefined()
    }
    check(await client().as(bearer(old)).post('/v2/alpha/app/blobs/uploads/'), { status: 202 })
  })

  // Quay 2026-11: "registry tokens valid only on /v2; admin API takes another token type"
  test('opens nothing but /v2/', async () => {
    const token = client().as(bearer(await fetchToken(lamina.now.admin, 'repository:alpha/app:*')))
    for (const path of ['/api/v1/users', '/api/v1/user', '/api/v1/user/tokens'])
      check(await token.get(path), { status: 401 })
    check(await token.post('/api/v1/keys/rotate'), { status: 401 })
    expect((await token.get('/api/v1/projects')).text).not.toMatch(/alpha|beta/)
  })
})

describe('guessing', () => {
  // "Rate-limit failures per account, both verbs."
  test('a password is stopped after a while with 429, for that account only', async () => {
    const attempt = async (round: number) =>
      round % 2 === 0
        ? client()
            .as(basic('viewer', `guess ${round}`))
            .get('/token')
        : postToken(client(), [
            ['grant_type', 'password'],
            ['username', 'viewer'],
            ['password', `guess ${round}`],
            ['service', 'x'],
            ['client_id', 'x'],
          ])
    const statuses: number[] = []
    for (let round = 0; round < 60 && !statuses.includes(429); round += 1)
      statuses.push((await attempt(round)).status)
    expect(statuses.slice(0, 3)).toEqual([401, 401, 401])
    expect(statuses.at(-1)).toBe(429)
    expectToken(await world.owner.get('/token'))
  })
})
