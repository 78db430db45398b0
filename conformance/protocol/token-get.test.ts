import { beforeAll, describe, expect, test } from 'vitest'
import { check, titled } from './support/exchange.ts'
import { at, textAt } from './support/json.ts'
import { basic, bearer, claimsOf, fetchToken, tokenPath } from './support/login.ts'
import { useServer } from './support/server.ts'
import { expectToken, granted, postToken } from './support/token-answers.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** P§3.2: the token endpoint by GET. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

describe('GET', () => {
  test.each(['/token', '/v2/token'])(
    '%s with Basic and no scope is a login: a token for /v2/ only',
    async (path) => {
      const token = expectToken(
        await world.owner.get(`${path}?service=registry&account=owner&client_id=docker`),
      )
      expect(granted(token)).toEqual([])
      const caller = client().as(bearer(token))
      check(await caller.get('/v2/'), { status: 200 })
      check(await caller.get('/v2/alpha/app/manifests/v1'), { status: 401 })
    },
  )

  // "Scope grammar: type, optional class in brackets, name that may contain `host:port/` hence a colon, comma list of
  // actions. […] Orders vary. Unknown types/actions dropped, not errors." "Grant the intersection"
  const app = 'repository:alpha/app'
  test.each<readonly [string, keyof World, readonly string[], readonly string[]]>([
    ['pull', 'owner', [`${app}:pull`], [`${app}:pull`]],
    ['pull and push', 'owner', [`${app}:pull,push`], [`${app}:pull,push`]],
    ['push and pull, docker and GG order', 'owner', [`${app}:push,pull`], [`${app}:pull,push`]],
    ['delete, GG order', 'owner', [`${app}:push,pull,delete`], [`${app}:delete,pull,push`]],
    ['oras order', 'owner', [`${app}:pull,delete`], [`${app}:delete,pull`]],
    [
      'two scopes in two parameters',
      'owner',
      [`${app}:pull`, 'repository:open/app:pull'],
      [`${app}:pull`, 'repository:open/app:pull'],
    ],
    [
      'two scopes in one parameter',
      'owner',
      [`${app}:pull repository:open/app:pull`],
      [`${app}:pull`, 'repository:open/app:pull'],
    ],
    ['a class in brackets', 'owner', ['repository(plugin):alpha/app:pull'], [`${app}:pull`]],
    ['an action twice', 'owner', [`${app}:pull,pull`], [`${app}:pull`]],
    ['an unknown action', 'owner', [`${app}:pull,fly`], [`${app}:pull`]],
    ['an unknown type', 'owner', ['plugin:alpha/app:pull', `${app}:pull`], [`${app}:pull`]],
    ['the catalog', 'owner', ['registry:catalog:*'], ['registry:catalog:*']],
    [
      'a repository that does not exist yet',
      'owner',
      ['repository:alpha/new/deep:pull,push'],
      ['repository:alpha/new/deep:pull,push'],
    ],
    ['more than a writer has', 'writer', [`${app}:pull,push,delete`], [`${app}:pull,push`]],
    ['more than a viewer has', 'viewer', [`${app}:pull,push`], [`${app}:pull`]],
    ['what a stranger has not', 'stranger', [`${app}:pull,push`], []],
    ['the public project', 'stranger', ['repository:open/app:pull,push'], ['repository:open/app:pull']],
    [
      'hidden and absent projects',
      'viewer',
      ['repository:beta/app:pull', 'repository:gama/app:pull', 'repository:beta/nil:pull'],
      [],
    ],
  ])('%s', async (_name, who, scopes, expected) => {
    const access = granted(expectToken(await world[who].get(tokenPath(scopes, { service: 'registry' }))))
    // An entry without actions grants nothing.
    expect(access).toEqual(expected.toSorted())
  })

  test('the same repository in two scopes gives both actions', async () => {
    const token = expectToken(await world.owner.get(tokenPath([`${app}:pull`, `${app}:delete`])))
    check(await client().as(bearer(token)).get('/v2/alpha/app/manifests/v1'), { status: 200 })
    check(await client().as(bearer(token)).delete('/v2/alpha/app/manifests/absent'), { status: 404 })
  })

  // "`*` = all the subject has: `skopeo delete` asks `repository:n:*` (CL deleteImage)."
  test.each<readonly [keyof World, number, number]>([
    ['owner', 202, 404],
    ['writer', 202, 401],
    ['viewer', 401, 401],
    ['stranger', 401, 401],
  ])('* gives %s all that the account has and no more', async (who, posting, deleting) => {
    const token = await fetchToken(world[who], `${app}:*`)
    const caller = client().as(bearer(token))
    check(await caller.post('/v2/alpha/app/blobs/uploads/'), { status: posting })
    check(await caller.delete('/v2/alpha/app/manifests/absent'), { status: deleting })
  })

  test.each(
    titled([
      'x',
      ':',
      ':::',
      '',
      ' ',
      'repository',
      'repository:alpha/app',
      'repository::pull',
      'repository:alpha/app:',
      'repository:Bad..Name:pull',
      'repository:localhost:5000/alpha/app:pull',
      '(:):x',
      `${app}:pull,${'x'.repeat(5000)}`,
      'registry:catalog:%00',
    ]),
  )('the odd scope $shown is no error', async ({ text: scope }) => {
    expectToken(await world.owner.get(tokenPath([scope], { service: 'registry' })))
  })

  // "do not pack hundreds of repos in a JWT"
  test('forty scopes give a token that works for each, a thousand are refused as too long a target', async () => {
    const scopes = (count: number) =>
      Array.from({ length: count }, (_, n) => `repository:alpha/app-${n}:pull,push`)
    const token = expectToken(await world.owner.get(tokenPath(scopes(40))))
    check(await client().as(bearer(token)).get('/v2/alpha/app-39/tags/list'), { status: 404 })
    const many = await world.owner.get(tokenPath(scopes(1000)))
    check(many, { status: 414 })
    expect(many.body.length).toBeLessThan(64 * 1024)
  })

  // "Anonymous: 200, public pulls only."
  test('without credentials gives public pulls only', async () => {
    const reply = await client().get(
      tokenPath(['repository:open/app:pull,push', 'repository:alpha/app:pull', 'repository:gama/app:pull']),
    )
    const token = expectToken(reply)
    expect(granted(token)).toEqual(['repository:open/app:pull'])
    expect(at(claimsOf(token), 'sub')).toBe('')
    const caller = client().as(bearer(token))
    check(await caller.get('/v2/open/app/manifests/v1'), { status: 200 })
    check(await caller.get('/v2/alpha/app/manifests/v1'), { status: 401 })
    check(await caller.post('/v2/open/app/blobs/uploads/'), { status: 401 })
  })

  // "Wrong credentials 401 with errors JSON, **never** an anonymous token (docker login would "succeed")."
  const wrong = [
    ['a wrong password', basic('stranger', 'wrong')],
    ['no password', basic('stranger', '')],
    ['an unknown user', basic('nobody-here', 'x')],
    ['a user in letters that only look alike', basic('\u043ewner', 'secret of owner')],
    ['no user', basic('', 'secret of owner')],
    ['a password cut at its colon', basic('admin', 'corr')],
    ['Basic without a colon', `Basic ${Buffer.from('owner').toString('base64')}`],
    ['Basic that is no base64', 'Basic ???'],
    ['Basic alone', 'Basic'],
    ['a bearer of nonsense', 'Bearer nonsense'],
    ['an unknown scheme', 'Negotiate abc'],
  ] as const
  test.each(wrong)('%s is 401, not an anonymous token', async (_name, authorization) => {
    for (const path of [
      tokenPath([]),
      tokenPath(['repository:open/app:pull'], { service: 'registry', offline_token: 'true' }),
    ]) {
      const reply = await client().as(authorization).get(path)
      check(reply, { status: 401, code: 'UNAUTHORIZED' })
      expect(at(reply.json, 'token')).toBeUndefined()
    }
  })

  test('a user in capital letters is the same one, by the name that everybody sees', async () => {
    const caller = client().as(basic('OWNER', 'secret of owner'))
    expect(at(claimsOf(await fetchToken(caller)), 'sub')).toBe('user:owner')
  })

  test('a wrong password and an unknown user are the same answer', async () => {
    const [known, unknown] = await Promise.all([
      client().as(basic('owner', 'wrong')).get('/token'),
      client().as(basic('nobodys', 'wrong')).get('/token'),
    ])
    expect(at(known.json, 'errors', 0, 'message')).toBe(at(unknown.json, 'errors', 0, 'message'))
    expect(at(known.json, 'errors', 0, 'code')).toBe(at(unknown.json, 'errors', 0, 'code'))
  })

  // "optional `refresh_token`; […] returning one obliges you to 3.3 and revocation"
  test('offline_token: a refresh token, if there is one, is honoured by POST', async () => {
    const reply = await world.owner.get(tokenPath([], { offline_token: 'true', service: 'registry' }))
    expectToken(reply)
    const refresh = at(reply.json, 'refresh_token')
    if (typeof refresh !== 'string') return
    expectToken(
      await postToken(client(), [
        ['grant_type', 'refresh_token'],
        ['refresh_token', refresh],
        ['service', 'registry'],
        ['client_id', 'x'],
      ]),
    )
  })

  // A kubelet, Argo CD and others read user name and password in docker's file, and know nothing of `identitytoken`.
  test('offline_token: none for a personal token, which docker then keeps itself', async () => {
    const made = await world.owner.sendJson('POST', '/api/v1/user/tokens', { name: 'laptop' })
    const owner = client().as(basic('owner', textAt(made.json, 'secret')))
    const reply = await owner.get(
      tokenPath(['repository:alpha/app:pull'], { offline_token: 'true', client_id: 'docker' }),
    )
    expect(granted(expectToken(reply))).toEqual(['repository:alpha/app:pull'])
    expect(at(reply.json, 'refresh_token')).toBeUndefined()
  })
})
