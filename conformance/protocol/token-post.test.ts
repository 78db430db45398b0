import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { at } from './support/json.ts'
import { useServer } from './support/server.ts'
import { expectToken, type Fields, form, granted, passwordGrant, postToken } from './support/token-answers.ts'
import { makeWorld, WORLD_SETTINGS } from './support/world.ts'

/** P§3.3: the token endpoint by POST. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
const PASSWORD = 'secret of owner'
const asOwner = (fields: Fields = []) => passwordGrant('owner', PASSWORD, fields)

beforeAll(async () => {
  await makeWorld(lamina.now)
})

describe('POST', () => {
  // "200 with `access_token` (add `token`), `expires_in`, `scope`, `issued_at`, refresh_token"
  test.each(['/token', '/v2/token'])('%s with a password grant', async (path) => {
    const fields = asOwner([
      ['scope', 'repository:alpha/app:pull,push'],
      ['access_type', 'offline'],
    ])
    const reply = await postToken(client(), fields, path)
    expect(granted(expectToken(reply))).toEqual(['repository:alpha/app:pull,push'])
    expect(typeof at(reply.json, 'scope')).toBe('string')
  })

  // "`scope` space-joined, or repeated (CL)"
  test.each<readonly [string, Fields]>([
    ['space-joined', [['scope', 'repository:alpha/app:pull repository:open/app:pull']]],
    [
      'repeated',
      [
        ['scope', 'repository:alpha/app:pull'],
        ['scope', 'repository:open/app:pull'],
      ],
    ],
  ])('scopes %s', async (_name, fields) => {
    expect(granted(expectToken(await postToken(client(), asOwner(fields))))).toEqual([
      'repository:alpha/app:pull',
      'repository:open/app:pull',
    ])
  })

  // "Form-encoded, possibly chunked and with `; charset`"
  test('chunked, with a charset', async () => {
    const body = form(asOwner())
    const chunks = [Buffer.from(body.slice(0, 10)), Buffer.from(body.slice(10))]
    expectToken(
      await client().ask({
        method: 'POST',
        path: '/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        chunks,
      }),
    )
  })

  // CD falls back to GET "after 400/401/404/405".
  test.each<readonly [string, Fields]>([
    [
      'a wrong password',
      [
        ['grant_type', 'password'],
        ['username', 'owner'],
        ['password', 'wrong'],
        ['service', 'registry'],
        ['client_id', 'x'],
      ],
    ],
    [
      'an unknown user',
      [
        ['grant_type', 'password'],
        ['username', 'nobody'],
        ['password', 'wrong'],
        ['service', 'registry'],
        ['client_id', 'x'],
      ],
    ],
    [
      'an invented refresh token',
      [
        ['grant_type', 'refresh_token'],
        ['refresh_token', 'made-up'],
        ['service', 'registry'],
        ['client_id', 'x'],
      ],
    ],
  ])('%s is 401 or 400, without a token', async (_name, fields) => {
    const reply = await postToken(client(), fields)
    check(reply, { status: [401, 400], code: ['UNAUTHORIZED', 'UNSUPPORTED'] })
    expect(at(reply.json, 'access_token') ?? at(reply.json, 'token')).toBeUndefined()
  })

  test.each<readonly [string, Fields]>([
    [
      'no grant type',
      [
        ['username', 'owner'],
        ['password', PASSWORD],
      ],
    ],
    [
      'an unknown grant type',
      [
        ['grant_type', 'client_credentials'],
        ['service', 'registry'],
      ],
    ],
    ['no fields', []],
    [
      'a password grant without a user',
      [
        ['grant_type', 'password'],
        ['password', 'x'],
      ],
    ],
    [
      'a password grant without a password',
      [
        ['grant_type', 'password'],
        ['username', 'owner'],
      ],
    ],
    ['a refresh grant without a token', [['grant_type', 'refresh_token']]],
    [
      'a grant type twice',
      [
        ['grant_type', 'password'],
        ['grant_type', 'refresh_token'],
        ['username', 'owner'],
        ['password', 'wrong'],
      ],
    ],
  ])('%s is refused', async (_name, fields) =>
    check(await postToken(client(), fields), { status: [400, 401] }),
  )

  test('a JSON body is refused', async () => {
    check(
      await client().sendJson('POST', '/token', {
        grant_type: 'password',
        username: 'owner',
        password: PASSWORD,
      }),
      {
        status: [400, 415],
      },
    )
  })

  test('a body of a megabyte is refused', async () => {
    check(await postToken(client(), asOwner([['scope', 'x'.repeat(1_000_000)]])), {
      status: [400, 413],
    })
  })

  test('no other method', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      check(await client().ask({ method, path: '/token', body: '' }), { status: 405 })
  })
})
