import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { withToken } from './support/login.ts'
import { inProject } from './support/mistakes.ts'
import { allOperations } from './support/openapi.ts'
import { requests } from './support/requests.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** DESIGN promise 4: nobody sees what they may not: existence, sizes and names included. */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World

beforeAll(async () => {
  world = await makeWorld(lamina.now)
})

/** All that a client sees of an answer, with the repository's name and what differs in any two answers removed. */
function seen(reply: Reply, name: string): unknown {
  const plain = (text: string) =>
    text.replaceAll(name, 'NAME').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{20,26}(?=")/g, 'ID')
  const varying = new Set(['date', 'x-request-id'])
  const headers = [...reply.headers]
    .filter(([header]) => !varying.has(header))
    .map(([header, lines]) => `${header}: ${lines.map(plain).join(' | ')}`)
  return { status: reply.status, headers: headers.toSorted(), body: plain(reply.text) }
}

/** Callers that have no right on beta, by name. */
const OUTSIDERS: readonly (readonly [string, () => Promise<Client>])[] = [
  ['nobody', async () => client()],
  [
    'an anonymous token',
    async () => withToken(client(), 'repository:beta/app:pull,push', 'repository:open/app:pull'),
  ],
  ['a viewer of another project', async () => world.viewer],
  [
    "a viewer's token",
    async () =>
      withToken(
        world.viewer,
        'repository:beta/app:pull,push,delete',
        'repository:beta/nil:*',
        'repository:gama/app:*',
      ),
  ],
  ["an owner's token for another project", async () => withToken(world.owner, 'repository:alpha/app:*')],
  ['a token without scope', async () => withToken(world.owner)],
]

describe('a hidden repository and an absent one are the same answer', () => {
  // DESIGN promise 4: "Existence, sizes and names included: hidden and absent are the same answer."
  // beta/app exists and is private; beta/nil is absent in a private project; gama/app is in no project at all.
  const table = requests('NAME').map((ask, at) => ({
    at,
    shown: `${ask.method ?? 'GET'} ${ask.path.replaceAll(/sha256:[0-9a-f]{64}/g, '…')}`,
  }))

  describe.each(OUTSIDERS)('for %s', (_name, caller) => {
    test.each(table)('$shown', async ({ at }) => {
      const answers = await Promise.all(
        ['beta/app', 'beta/nil', 'gama/app'].map(async (name) => {
          const ask = requests(name)[at]
          if (ask === undefined) throw new Error('the table of requests changed its length')
          return seen(await (await caller()).ask(ask), name)
        }),
      )
      expect(answers[1]).toEqual(answers[0])
      expect(answers[2]).toEqual(answers[0])
      expect(answers[0]).toHaveProperty('status', 401)
    })
  })

  // On /api/v1: 404, whether the project exists or not (DESIGN §4).
  test.each([
    ['GET', '', undefined],
    ['PATCH', '', { public: true }],
    ['DELETE', '', undefined],
    ['GET', '/members', undefined],
    ['PUT', '/members/viewer', { role: 'admin' }],
    ['DELETE', '/members/viewer', undefined],
    ['GET', '/accounts', undefined],
    ['POST', '/accounts', { name: 'robot', role: 'viewer' }],
    ['DELETE', '/accounts/robot', undefined],
  ])('%s /api/v1/projects/…%s', async (method, tail, body) => {
    for (const caller of [world.viewer, world.stranger]) {
      const [hidden, absent] = await Promise.all(
        ['beta', 'gama'].map(async (project) => {
          const path = `/api/v1/projects/${project}${tail}`
          return seen(
            body === undefined
              ? await caller.ask({ method, path })
              : await caller.sendJson(method, path, body),
            project,
          )
        }),
      )
      expect(absent).toEqual(hidden)
      expect(hidden).toHaveProperty('status', 404)
    }
  })

  // Those that change the caller, or give something else each time.
  const own = [
    'getToken',
    'postToken',
    'getTokenAlias',
    'postTokenAlias',
    'signIn',
    'createToken',
    'setPassword',
  ]
  const operations = allOperations().filter(
    ({ id, path }) => /^\/(?:v2|api|registry)\//.test(path) && !own.includes(id),
  )
  test.each(operations)('at $method $path', async (one) => {
    for (const caller of [client(), world.viewer, world.stranger]) {
      const [hidden, absent] = await Promise.all(
        ['beta', 'gama'].map(async (project) => seen(await caller.ask(inProject(one, project)), project)),
      )
      expect(absent).toEqual(hidden)
    }
  })

  test('no list names it', async () => {
    for (const caller of [world.viewer, world.stranger, world.owner])
      for (const path of ['/v2/_catalog', '/api/v1/projects'])
        expect((await caller.get(path)).text).not.toContain('beta')
    expect((await lamina.now.admin.get('/v2/_catalog')).text).toContain('beta/app')
  })
})

describe('the catalog', () => {
  // "scope `registry:catalog:*`; list only readable repos."
  test.each<readonly [keyof World, readonly string[]]>([
    ['viewer', ['alpha/app', 'open/app']],
    ['owner', ['alpha/app', 'open/app']],
    ['stranger', ['open/app']],
  ])('of %s', async (who, repositories) => {
    const token = await withToken(world[who], 'registry:catalog:*')
    check(await token.get('/v2/_catalog'), { status: 200, json: { repositories } })
    check(await token.get('/v2/_catalog?n=1'), {
      status: 200,
      json: { repositories: repositories.slice(0, 1) },
    })
    check(await token.get('/v2/_catalog?last=alpha/zzz'), {
      status: 200,
      json: { repositories: ['open/app'] },
    })
    check(await token.get('/v2/_catalog?last=beta/aaa&n=1'), {
      status: 200,
      json: { repositories: ['open/app'] },
      headers: { link: undefined },
    })
  })

  test('takes a token for the catalog, not one for a repository', async () => {
    check(await client().get('/v2/_catalog'), { status: 401 })
    check(await (await withToken(world.viewer, 'repository:alpha/app:pull')).get('/v2/_catalog'), {
      status: 401,
    })
  })

  test('shows an anonymous caller nothing private', async () => {
    const reply = await (await withToken(client(), 'registry:catalog:*')).get('/v2/_catalog')
    expect([200, 401]).toContain(reply.status)
    expect(reply.text).not.toMatch(/alpha|beta/)
  })
})
