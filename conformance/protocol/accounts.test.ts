import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check, titled } from './support/exchange.ts'
import { at, textAt } from './support/json.ts'
import { basic, bearer, tokenPath, withToken } from './support/login.ts'
import { useServer } from './support/server.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** Personal tokens and service accounts, under every login name that docker, gcloud and CI use (P§4 "Login names"). */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

/** What a caller may do on alpha/app: pull, push, delete; as status codes, by Basic and then by token. */
async function rights(caller: Client): Promise<number[]> {
  const token = await withToken(caller, 'repository:alpha/app:*')
  const statuses: number[] = []
  for (const who of [caller, token])
    statuses.push(
      (await who.get('/v2/alpha/app/manifests/v1')).status,
      (await who.post('/v2/alpha/app/blobs/uploads/')).status,
      (await who.delete('/v2/alpha/app/manifests/absent')).status,
    )
  return statuses
}
const PULL = [200, 401, 401, 200, 401, 401]
const PUSH = [200, 202, 401, 200, 202, 401]

describe('a personal token', () => {
  async function make(who: Client, name: string, more: object = {}): Promise<{ id: string; secret: string }> {
    const reply = await who.sendJson('POST', '/api/v1/user/tokens', { name, ...more })
    check(reply, { status: 201 })
    return { id: textAt(reply.json, 'id'), secret: textAt(reply.json, 'secret') }
  }

  test('is a password for docker, and no more than its owner', async () => {
    const { secret } = await make(world.writer, 'docker')
    expect(await rights(client().as(basic('writer', secret)))).toEqual(PUSH)
  })

  test('does not change the password of its user, nor does a session that was begun with it', async () => {
    const { secret } = await make(world.viewer, 'found by somebody')
    const own = '/api/v1/users/viewer/password'
    const password = { password: 'nobody knows this one' }
    const withIt = client().as(basic('viewer', secret))
    check(await withIt.sendJson('PUT', own, password), { status: 403, code: 'DENIED' })
    const begun = await client().sendJson('POST', '/api/v1/session', { username: 'viewer', password: secret })
    check(begun, { status: 201 })
    const cookie = begun.header('set-cookie')?.split(';')[0] ?? ''
    const page = { cookie, 'sec-fetch-site': 'same-origin' }
    check(await client().get('/api/v1/user', page), { status: 200 })
    check(await client().sendJson('PUT', own, password, page), { status: 403, code: 'DENIED' })
    check(await world.viewer.get('/api/v1/user'), { status: 200 })
  })

  test('works under the names of gcr.io', async () => {
    const { secret } = await make(world.viewer, 'gcloud')
    for (const name of [
      'oauth2accesstoken',
      '_token',
      '_dcgcloud_token',
      '_dcgcr_2_1_0_token',
      '_dcgcr_token',
    ])
      check(await client().as(basic(name, secret)).get('/token'), { status: 200 })
    expect(await rights(client().as(basic('oauth2accesstoken', secret)))).toEqual(PULL)
  })

  test('works on /api/v1 as Bearer and as Basic', async () => {
    const { secret } = await make(world.viewer, 'api')
    for (const authorization of [bearer(secret), basic('viewer', secret)])
      check(await client().as(authorization).get('/api/v1/user/tokens'), { status: 200 })
  })

  test('is shown once', async () => {
    const { id, secret } = await make(world.viewer, 'once')
    const list = await world.viewer.get('/api/v1/user/tokens')
    expect(list.text).toContain(id)
    expect(list.text).not.toContain(secret)
    expect(lamina.now.log.join('\n')).not.toContain(secret)
  })

  test('is dead when deleted, and cannot be deleted by another', async () => {
    const { id, secret } = await make(world.viewer, 'dead')
    check(await world.writer.delete(`/api/v1/user/tokens/${id}`), { status: 404 })
    check(await client().as(basic('viewer', secret)).get('/token'), { status: 200 })
    check(await world.viewer.delete(`/api/v1/user/tokens/${id}`), { status: 204 })
    check(await client().as(basic('viewer', secret)).get('/token'), { status: 401 })
    check(await client().as(bearer(secret)).get('/api/v1/user/tokens'), { status: 401 })
  })

  test('is not a password for somebody else', async () => {
    const { secret } = await make(world.viewer, 'elsewhere')
    for (const name of ['writer', 'admin', 'nobody', ''])
      check(await client().as(basic(name, secret)).get('/token'), { status: 401 })
  })
})

describe('a service account', () => {
  async function make(
    name: string,
    role: string,
    who = world.owner,
  ): Promise<{ user: string; secret: string; keyFile: string }> {
    const reply = await who.sendJson('POST', '/api/v1/projects/alpha/accounts', { name, role })
    check(reply, { status: 201 })
    const keyFile = JSON.stringify(at(reply.json, 'keyFile'), undefined, 2)
    return { user: textAt(reply.json, 'user'), secret: textAt(reply.json, 'secret'), keyFile }
  }

  // "`_json_key` (password = key JSON, contains quotes, newlines, colons: split Basic at the first colon only)"
  test('logs in by its name, by _json_key and by _json_key_base64', async () => {
    const { user, secret, keyFile } = await make('ci', 'writer')
    expect(keyFile).toMatch(/[":\n]/)
    const ways = [
      basic(user, secret),
      basic('_json_key', keyFile),
      basic('_json_key_base64', Buffer.from(keyFile).toString('base64')),
    ]
    for (const way of ways) expect(await rights(client().as(way))).toEqual(PUSH)
  })

  test('logs in by POST with its key file, as containerd does', async () => {
    const { keyFile } = await make('poster', 'viewer')
    const form = new URLSearchParams({
      grant_type: 'password',
      username: '_json_key',
      password: keyFile,
      service: 'x',
      client_id: 'x',
      scope: 'repository:alpha/app:pull',
    })
    const reply = await client().post('/token', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    })
    check(reply, { status: 200 })
    check(
      await client()
        .as(bearer(textAt(reply.json, 'access_token')))
        .get('/v2/alpha/app/manifests/v1'),
      { status: 200 },
    )
  })

  test('has its role on its project, public projects, and nothing else', async () => {
    const { user, secret } = await make('reader', 'viewer')
    const account = client().as(basic(user, secret))
    expect(await rights(account)).toEqual(PULL)
    check(await account.get('/v2/open/app/manifests/v1'), { status: 200 })
    check(await account.get('/v2/beta/app/manifests/v1'), { status: 401 })
    check(await account.post('/v2/open/app/blobs/uploads/'), { status: 401 })
    check(await account.get(tokenPath(['repository:beta/app:pull'])), { status: 200 })
    expect((await account.get('/api/v1/projects')).text).not.toContain('beta')
  })

  test('may not make users, members or accounts', async () => {
    const { user, secret } = await make('climber', 'writer')
    const account = client().as(basic(user, secret))
    const refused = [401, 403, 404]
    check(
      await account.sendJson('POST', '/api/v1/users', {
        name: 'made',
        password: 'x'.repeat(20),
        admin: true,
      }),
      { status: refused },
    )
    check(await account.sendJson('PUT', '/api/v1/projects/alpha/members/stranger', { role: 'admin' }), {
      status: refused,
    })
    check(
      await account.sendJson('POST', '/api/v1/projects/alpha/accounts', { name: 'more', role: 'admin' }),
      { status: refused },
    )
  })

  // lessons §3b (Harbor, Quay IDOR): "swap each id for one of another project → 404"
  test('of another project cannot be deleted through one that is ours', async () => {
    const made = await lamina.now.admin.sendJson('POST', '/api/v1/projects/beta/accounts', {
      name: 'foreign',
      role: 'viewer',
    })
    check(made, { status: 201 })
    for (const project of ['alpha', 'beta'])
      check(await world.owner.delete(`/api/v1/projects/${project}/accounts/foreign`), { status: 404 })
    const foreign = client().as(basic(textAt(made.json, 'user'), textAt(made.json, 'secret')))
    check(await foreign.get('/v2/beta/app/manifests/v1'), { status: 200 })
  })

  test('is dead when deleted', async () => {
    const { user, secret, keyFile } = await make('short-lived', 'viewer')
    check(await world.owner.delete('/api/v1/projects/alpha/accounts/short-lived'), { status: 204 })
    for (const way of [basic(user, secret), basic('_json_key', keyFile)])
      check(await client().as(way).get('/token'), { status: 401 })
  })

  test.each(
    titled([
      '',
      '{}',
      'null',
      '[]',
      '{"type":"service_account"}',
      'not json',
      '{"secret":"x"}',
      `{"secret":"${'x'.repeat(8000)}"}`,
    ]),
  )('a key file $shown is 401', async ({ text: file }) => {
    check(await client().as(basic('_json_key', file)).get('/token'), { status: 401 })
    check(
      await client()
        .as(basic('_json_key_base64', Buffer.from(file).toString('base64')))
        .get('/token'),
      { status: 401 },
    )
  })
})

describe('a user', () => {
  test('who is deleted has nothing any more', async () => {
    const { admin } = lamina.now
    check(await admin.sendJson('POST', '/api/v1/users', { name: 'goner', password: 'a password to go' }), {
      status: 201,
    })
    const goner = client().as(basic('goner', 'a password to go'))
    const token = await withToken(goner, 'repository:open/app:pull')
    check(await admin.delete('/api/v1/users/goner'), { status: 204 })
    check(await goner.get('/token'), { status: 401 })
    check(await goner.get('/v2/'), { status: 401 })
    expect([200, 401]).toContain((await token.get('/v2/open/app/manifests/v1')).status)
  })

  test('with a new password has no old one', async () => {
    const { admin } = lamina.now
    check(
      await admin.sendJson('POST', '/api/v1/users', { name: 'changer', password: 'the first password' }),
      { status: 201 },
    )
    const reply = await admin.sendJson('PUT', '/api/v1/users/changer/password', {
      password: 'the second password',
    })
    check(reply, { status: [200, 204] })
    check(await client().as(basic('changer', 'the first password')).get('/token'), { status: 401 })
    check(await client().as(basic('changer', 'the second password')).get('/token'), { status: 200 })
  })

  // CVE-2019-16097: "strict schemas, unknown keys rejected; role fields only by a separate call"
  test('who is no administrator makes no users, and reads none', async () => {
    const refused = [403, 404]
    check(
      await world.owner.sendJson('POST', '/api/v1/users', {
        name: 'made',
        password: 'x'.repeat(20),
        admin: true,
      }),
      { status: refused },
    )
    check(await world.owner.get('/api/v1/users'), { status: refused })
    check(await world.owner.delete('/api/v1/users/viewer'), { status: refused })
    check(await world.owner.sendJson('PUT', '/api/v1/users/admin/password', { password: 'mine mine mine' }), {
      status: refused,
    })
    check(await world.owner.post('/api/v1/keys/rotate'), { status: refused })
    check(await world.owner.sendJson('PUT', '/api/v1/read-only', { readOnly: true }), { status: refused })
    check(
      await lamina.now.admin.sendJson('POST', '/api/v1/users', {
        name: 'extra',
        password: 'x'.repeat(20),
        has_admin_role: true,
      }),
      { status: 400 },
    )
  })

  test('anonymous gets nothing from /api/v1', async () => {
    for (const path of [
      '/api/v1/users',
      '/api/v1/user/tokens',
      '/api/v1/projects',
      '/api/v1/projects/alpha',
      '/api/v1/projects/alpha/members',
      '/api/v1/projects/alpha/accounts',
    ]) {
      const reply = await client().get(path)
      expect(reply.text).not.toMatch(/beta|owner/)
      if (path !== '/api/v1/projects') check(reply, { status: [401, 404] })
    }
  })
})
