import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { image } from './support/images.ts'
import { at, textAt } from './support/json.ts'
import { addMember, addProject, addUser, basic, bearer, fetchToken } from './support/login.ts'
import { pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/** Every change of rights or content can be followed to who made it, from where and when: one line each in the log. */
const lamina = useServer({ LAMINA_AUTH: 'on' })
const admin = () => lamina.now.admin
const IMAGE = image('audit')
const NAME = 'watched/app'
const PASSWORD = 'a password of alice'

/** What the audit lines say that came of `act`, in order. */
async function audited(act: () => Promise<unknown>): Promise<unknown[]> {
  await settled()
  const before = new Set(lines().map((line) => at(line, 'requestId')))
  await act()
  await settled()
  return lines()
    .filter((line) => !before.has(at(line, 'requestId')) && at(line, 'audit', 'what', 'user') !== MARKER)
    .map((line) => at(line, 'audit'))
}

const MARKER = 'marker'

/** A line follows its answer: that of one more request follows those of all before it. */
async function settled(): Promise<void> {
  const marks = () => lines().filter((line) => at(line, 'audit', 'what', 'user') === MARKER).length
  const before = marks()
  await admin().delete(`/api/v1/users/${MARKER}`)
  await expect.poll(marks, { timeout: 30_000 }).toBe(before + 1)
}

/** Of all replicas, in order. */
function lines(): unknown[] {
  return lamina.now.log
    .filter((line) => line.includes('"audit":'))
    .map((line): unknown => JSON.parse(line))
    .toSorted((one, other) => Number(at(one, 'time')) - Number(at(other, 'time')))
}

const change = (method: string, path: string, body: unknown) => () =>
  admin().sendJson(method, `/api/v1${path}`, body)

beforeAll(async () => {
  await addUser(admin(), 'alice', PASSWORD)
  await addProject(admin(), 'watched')
  await addMember(admin(), 'watched', 'alice', 'admin')
})

describe('a change', () => {
  const FROM: unknown = expect.stringMatching(/127\.0\.0\.1|::1/)
  const BY_ADMIN = { who: 'user:admin', from: FROM, outcome: 'done' }
  const CHANGES: readonly (readonly [string, () => Promise<unknown>, object])[] = [
    ['createUser', change('POST', '/users', { name: 'carol', admin: true }), { name: 'carol', admin: true }],
    ['setPassword', change('PUT', '/users/carol/password', { password: 'never told' }), { user: 'carol' }],
    [
      'putMember',
      change('PUT', '/projects/watched/members/carol', { role: 'writer' }),
      { project: 'watched', user: 'carol', role: 'writer' },
    ],
    ['deleteMember', change('DELETE', '/projects/watched/members/carol', {}), { user: 'carol' }],
    ['changeProject', change('PATCH', '/projects/watched', { public: true }), { public: true }],
    ['setQuota', change('PUT', '/projects/watched/quota', { quota: 10_000_000 }), { quota: 10_000_000 }],
    [
      'changePolicy',
      change('PATCH', '/projects/watched/policy', { immutableTags: ['release-*'] }),
      { immutableTags: ['release-*'] },
    ],
    [
      'createAccount',
      change('POST', '/projects/watched/accounts', { name: 'ci', role: 'viewer' }),
      { name: 'ci', role: 'viewer' },
    ],
    ['deleteAccount', change('DELETE', '/projects/watched/accounts/ci', {}), { account: 'ci' }],
    ['deleteUser', change('DELETE', '/users/carol', {}), { user: 'carol' }],
  ]

  test.each(CHANGES)(
    '%s is told with who made it, from where, and what it was',
    async (action, act, what) => {
      const told = await audited(act)
      expect(told).toMatchObject([{ action, ...BY_ADMIN, what }])
    },
  )

  test('of a tag or its content is told; bytes and pulls are not', async () => {
    const alice = lamina.now.client.as(
      bearer(
        await fetchToken(
          lamina.now.client.as(basic('alice', PASSWORD)),
          `repository:${NAME}:pull,push,delete`,
        ),
      ),
    )
    const told = await audited(async () => {
      await pushImage(alice, NAME, IMAGE, 'v1')
      check(await alice.get(`/v2/${NAME}/manifests/v1`), { status: 200 })
      check(await alice.delete(`/v2/${NAME}/manifests/v1`), { status: 202 })
    })
    const by = { who: 'user:alice', outcome: 'done' }
    expect(told).toMatchObject([
      { action: 'pushManifest', ...by, what: { name: NAME, reference: 'v1', digest: IMAGE.digest } },
      { action: 'deleteManifest', ...by, what: { name: NAME, reference: 'v1' } },
    ])
  })

  test('that was not allowed or failed is told as that', async () => {
    const alice = lamina.now.client.as(basic('alice', PASSWORD))
    const told = await audited(async () => {
      await alice.sendJson('POST', '/api/v1/users', { name: 'mallory', admin: true })
      await admin().delete('/api/v1/users/nobody-here')
    })
    expect(told).toMatchObject([
      { action: 'createUser', who: 'user:alice', outcome: 'refused', status: 403, code: 'DENIED' },
      { action: 'deleteUser', who: 'user:admin', outcome: 'failed', status: 404 },
    ])
  })
})

describe('a login', () => {
  const WAYS: readonly (readonly [string, (user: string, password: string) => Promise<unknown>])[] = [
    ['Basic', (user, password) => lamina.now.client.as(basic(user, password)).get('/token')],
    [
      'a form',
      (username, password) => {
        const form = new URLSearchParams({ grant_type: 'password', username, password }).toString()
        const type = { 'content-type': 'application/x-www-form-urlencoded' }
        return lamina.now.client.post('/token', form, type)
      },
    ],
    [
      'the page',
      (username, password) => lamina.now.client.sendJson('POST', '/api/v1/session', { username, password }),
    ],
  ]

  test.each(WAYS)(
    'by %s that is refused is told with the account, and no word of what was typed',
    async (_, ask) => {
      const told = await audited(async () => {
        await ask('alice', 'wr0ng-and-typed')
        await ask('typed-as-a-name', 'x')
      })
      expect(told).toMatchObject([
        { action: 'login', who: 'user:alice', outcome: 'refused', status: 401 },
        { action: 'login', who: '', outcome: 'refused', status: 401 },
      ])
      expect(lamina.now.log.join('\n')).not.toMatch(/wr0ng-and-typed|typed-as-a-name/)
    },
  )

  test('that a client keeps is told with its name, and one for a single pull is not', async () => {
    const alice = lamina.now.client.as(basic('alice', PASSWORD))
    const form = new URLSearchParams({
      grant_type: 'password',
      access_type: 'offline',
      client_id: 'docker',
      username: 'alice',
      password: PASSWORD,
    }).toString()
    const told = await audited(async () => {
      await alice.get('/token?service=registry')
      await alice.get('/token?service=registry&offline_token=true&client_id=skopeo')
      await lamina.now.client.post('/token', form, { 'content-type': 'application/x-www-form-urlencoded' })
    })
    expect(told).toMatchObject(
      ['skopeo', 'docker'].map((client) => ({
        action: 'login',
        who: 'user:alice',
        what: { name: `login of ${client}` },
        outcome: 'done',
      })),
    )
    expect(told.map((one) => typeof at(one, 'what', 'id'))).toEqual(['string', 'string'])
  })

  test('to the page is told; being asked to log in, and a token that is over, are not', async () => {
    const told = await audited(async () => {
      const page = await lamina.now.client.sendJson('POST', '/api/v1/session', {
        username: 'alice',
        password: PASSWORD,
      })
      expect(textAt(page.json, 'account', 'name')).toBe('alice')
      await lamina.now.client.get('/v2/')
      await putManifest(lamina.now.client, NAME, 'v1', IMAGE)
      await lamina.now.client.as(bearer('not.a.token')).get('/v2/')
    })
    expect(told).toMatchObject([{ action: 'signIn', who: 'user:alice', outcome: 'done' }])
  })
})

test('secrets that are given out or sent are in no line', async () => {
  const sent = 'a secret that was sent'
  const replies: string[] = []
  await audited(async () => {
    const created = await admin().sendJson('POST', '/api/v1/users', { name: 'dave', password: sent })
    check(created, { status: 201 })
    const token = await lamina.now.client
      .as(basic('dave', sent))
      .sendJson('POST', '/api/v1/user/tokens', { name: 'laptop' })
    replies.push(textAt(token.json, 'secret'))
  })
  const log = lamina.now.log.join('\n')
  for (const secret of [sent, ...replies]) expect(log).not.toContain(secret)
})
