import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { addMember, addProject, addUser, challengeOf, withToken } from './support/login.ts'
import { closing, locationOf, pushBlob } from './support/push.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/** P§1.3: a mount reads its source: permission = account ∩ token, for source and target (CVE-2026-117685). */
const lamina = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
let world: World
/** Writer of alpha and viewer of gamma. */
let both: Client

const [IN_ALPHA, IN_BETA, IN_GAMMA, IN_OPEN] = ['alpha', 'beta', 'gamma', 'open'].map((project) =>
  blob(`access-mount/${project}`, 300),
)
const NEVER = blob('access-mount/never', 3)

beforeAll(async () => {
  const { admin } = lamina.now
  world = await makeWorld(lamina.now)
  both = await addUser(admin, 'both')
  await addProject(admin, 'gamma')
  await addMember(admin, 'alpha', 'both', 'writer')
  await addMember(admin, 'gamma', 'both', 'viewer')
  for (const [project, made] of Object.entries({
    alpha: IN_ALPHA,
    beta: IN_BETA,
    gamma: IN_GAMMA,
    open: IN_OPEN,
  }))
    if (made !== undefined) await pushBlob(admin, `${project}/source`, made)
})

const TARGET = 'alpha/target'
const mount = async (caller: Client, made: { digest: string } | undefined, from?: string): Promise<Reply> =>
  caller.post(
    `/v2/${TARGET}/blobs/uploads/?mount=${made?.digest}${from === undefined ? '' : `&from=${from}`}`,
  )

async function forget(...made: readonly ({ digest: string } | undefined)[]): Promise<void> {
  for (const each of made) await lamina.now.admin.delete(`/v2/${TARGET}/blobs/${each?.digest}`)
}

/** A miss: 202, a session that works, and nothing in the target. */
async function expectMissed(caller: Client, reply: Reply, digest: string | undefined): Promise<void> {
  check(reply, { status: 202, headers: { 'docker-content-digest': undefined, range: '0-0' } })
  check(await caller.get(locationOf(reply)), { status: 204 })
  check(await caller.head(`/v2/${TARGET}/blobs/${digest}`), { status: 404 })
}

test('without from, who takes the name of a deleted project finds nothing of it', async () => {
  const { admin } = lamina.now
  const made = blob('access-mount/deleted', 300)
  await addProject(admin, 'vault')
  await pushBlob(admin, 'vault/app', made)
  check(await admin.delete('/api/v1/projects/vault?repositories=delete'), { status: 204 })
  const thief = await addUser(admin, 'thief')
  await addProject(admin, 'vault')
  await addMember(admin, 'vault', 'thief', 'writer')
  const reply = await thief.post(`/v2/vault/own/blobs/uploads/?mount=${made.digest}`)
  check(reply, { status: 202 })
  check(await thief.head(`/v2/vault/own/blobs/${made.digest}`), { status: 404 })
})

describe('with Basic: the account alone', () => {
  test.each([
    ['from its own project', () => IN_ALPHA, 'alpha/source'],
    ['from a project that it may read', () => IN_GAMMA, 'gamma/source'],
    ['from a public project', () => IN_OPEN, 'open/source'],
    ['without from, from its own project', () => IN_ALPHA, undefined],
    ['without from, from a project that it may read', () => IN_GAMMA, undefined],
    ['without from, from a public project', () => IN_OPEN, undefined],
  ])('%s: 201', async (_name, made, from) => {
    await forget(made())
    check(await mount(both, made(), from), {
      status: 201,
      headers: { 'docker-content-digest': made()?.digest },
    })
    check(await both.get(`/v2/${TARGET}/blobs/${made()?.digest}`), { status: 200, body: made()?.bytes ?? '' })
  })

  // "search blobs in repos the caller may READ (otherwise existence and content leak)". zot CVE-2024-39897
  test.each([
    ['hidden, from', () => IN_BETA, 'beta/source'],
    ['hidden, without from', () => IN_BETA, undefined],
    ['hidden, from a project that it may read', () => IN_BETA, 'gamma/source'],
    ['hidden, from the target itself', () => IN_BETA, TARGET],
    ['absent, from a hidden repository', () => NEVER, 'beta/source'],
    ['absent, without from', () => NEVER, undefined],
    ['absent, from an absent repository', () => NEVER, 'nowhere/source'],
  ])('%s: 202, one and the same', async (_name, made, from) => {
    await expectMissed(both, await mount(both, made(), from), made()?.digest)
  })

  test('hidden and absent answers differ in nothing but the session', async () => {
    const shape = (reply: Reply) => ({
      status: reply.status,
      headers: [...reply.headers.keys()].toSorted(),
      range: reply.header('range'),
      body: reply.text,
    })
    const hidden = shape(await mount(both, IN_BETA, 'beta/source'))
    expect(shape(await mount(both, NEVER, 'beta/source'))).toEqual(hidden)
    expect(shape(await mount(both, IN_BETA, 'nowhere/source'))).toEqual(hidden)
    expect(shape(await mount(both, IN_BETA))).toEqual(hidden)
  })

  // "knowledge of a hash must never give bytes"
  test('claiming the digest of hidden content gives nothing', async () => {
    const digest = IN_BETA?.digest ?? ''
    check(await both.post(`/v2/${TARGET}/blobs/uploads/?digest=${digest}`, ''), {
      status: 400,
      code: 'DIGEST_INVALID',
    })
    const location = locationOf(await mount(both, IN_BETA, 'beta/source'))
    check(await both.put(closing(location, digest)), { status: 400, code: 'DIGEST_INVALID' })
    check(await both.get(`/v2/${TARGET}/blobs/${digest}`), { status: 404 })
  })

  test('a viewer of the target mounts nothing', async () => {
    check(await mount(world.viewer, IN_ALPHA, 'alpha/source'), { status: 401 })
  })
})

describe('with a token: the account narrowed', () => {
  const push = `repository:${TARGET}:pull,push`
  const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map(
    (project) => `repository:${project}/source:pull`,
  )

  test('that has both scopes: 201', async () => {
    await forget(IN_GAMMA, IN_ALPHA)
    check(await mount(await withToken(both, `${push} ${gamma}`), IN_GAMMA, 'gamma/source'), { status: 201 })
    check(await mount(await withToken(both, push, alpha ?? ''), IN_ALPHA, 'alpha/source'), { status: 201 })
  })

  // "401 with both scopes in the challenge if the subject could get it (v2 suite, OG, RC then retry)"
  test.each([
    ['another project', () => IN_GAMMA, 'gamma/source'],
    ['its own project', () => IN_ALPHA, 'alpha/source'],
  ])(
    'that lacks the source, which the account may read, in %s: 401 with both scopes, and the retry succeeds',
    async (_name, made, from) => {
      await forget(made())
      const reply = await mount(await withToken(both, push), made(), from)
      check(reply, { status: 401 })
      const { parameters } = challengeOf(reply)
      expect(parameters['error']).toBe('insufficient_scope')
      expect(parameters['scope']?.split(' ').toSorted()).toEqual([push, `repository:${from}:pull`].toSorted())
      check(await mount(await withToken(both, parameters['scope'] ?? ''), made(), from), { status: 201 })
    },
  )

  // "202 if it never could (GG, docker and CD avoid a dead round trip)"
  test.each([
    ['hidden', () => IN_BETA, 'beta/source'],
    ['absent', () => NEVER, 'nowhere/source'],
  ])('that lacks the source, which the account may not read, %s: 202', async (_name, made, from) => {
    for (const caller of [await withToken(both, push), await withToken(both, `${push} ${beta}`)])
      await expectMissed(caller, await mount(caller, made(), from), made()?.digest)
  })

  test('and without from finds only what the token may read, never asking for more', async () => {
    await forget(IN_GAMMA, IN_OPEN)
    const narrow = await withToken(both, push)
    const reply = await mount(narrow, IN_GAMMA)
    await expectMissed(narrow, reply, IN_GAMMA?.digest)
    // With the scope it may be found; a search need not look at every scope of a token.
    check(await mount(await withToken(both, `${push} ${gamma}`), IN_GAMMA), { status: [201, 202] })
  })

  test('for the source alone does not push', async () => {
    check(await mount(await withToken(both, gamma ?? ''), IN_GAMMA, 'gamma/source'), { status: 401 })
    check(
      await mount(await withToken(both, `repository:${TARGET}:pull`, gamma ?? ''), IN_GAMMA, 'gamma/source'),
      { status: 401 },
    )
  })

  test('of nobody mounts nothing', async () => {
    check(await mount(client(), IN_OPEN, 'open/source'), { status: 401 })
    check(
      await mount(await withToken(client(), 'repository:open/source:pull', push), IN_OPEN, 'open/source'),
      { status: 401 },
    )
  })
})
