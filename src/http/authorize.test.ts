import { describe, expect, it } from 'vitest'
import type { AccessControl, Decision } from '../auth/access-control.ts'
import { ANONYMOUS, type Caller } from '../auth/identity.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { authorize, challenged, repositoryName, scopeOf } from './authorize.ts'
import type { Right } from './route.ts'

const allowed: Decision = { outcome: 'allowed', identity: { kind: 'anonymous' }, isPublic: true }
const login: Decision = { outcome: 'unauthenticated', reason: 'log in' }
const over: Decision = { outcome: 'unauthenticated', reason: 'over', error: 'invalid_token' }
const narrow: Decision = { outcome: 'narrow', reason: 'another scope' }
const denied: Decision = { outcome: 'denied', reason: 'no' }

const READER: Caller = { ...ANONYMOUS, identity: { kind: 'user', name: 'vera', administrator: false } }

interface Asked {
  readonly of: string
  readonly args: readonly unknown[]
}

function access(answer: (of: string, action: string) => Decision, asked: Asked[] = []): AccessControl {
  return {
    check: (_, action, ...args) => {
      asked.push({ of: 'repository', args: [action, ...args] })
      return Promise.resolve(answer('repository', action))
    },
    checkProject: (_, action, ...args) => {
      asked.push({ of: 'project', args: [action, ...args] })
      return Promise.resolve(answer('project', action))
    },
    checkRegistry: (_, right) => {
      asked.push({ of: 'registry', args: [right] })
      return Promise.resolve(answer('registry', right))
    },
    mayMount: () => Promise.resolve(false),
    accountMayPush: () => Promise.resolve(false),
    grant: () => Promise.resolve([]),
  }
}

async function ask(
  right: Right,
  answer: Decision | ((of: string, action: string) => Decision),
  more: { query?: string; name?: string; asked?: Asked[]; caller?: Caller } = {},
) {
  const request = {
    right,
    params: { name: more.name ?? 'team/app', project: 'team' },
    caller: more.caller ?? ANONYMOUS,
    query: new URLSearchParams(more.query),
    origin: 'https://r.example',
  }
  const decide = typeof answer === 'function' ? answer : () => answer
  try {
    return await authorize(access(decide, more.asked), request)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return {
      code: error.code,
      status: error.status,
      challenge: error.headers['www-authenticate'],
      message: error.message,
    }
  }
}

const BASE = 'Bearer realm="https://r.example/token",service="lamina"'
const ALL: readonly Right[] = [
  'ping',
  'pull',
  'push',
  'continue-upload',
  'delete',
  'catalog',
  'signed-in',
  'administrator',
  'project-viewer',
  'project-admin',
]

describe('authorize', () => {
  it('lets anyone in where anyone may, without asking', async () => {
    const asked: Asked[] = []
    expect(await ask('anyone', denied, { asked })).toEqual({ isPublic: false })
    expect(asked).toEqual([])
  })

  it.each(ALL)('lets pass who may: %s', async (right) =>
    expect(await ask(right, allowed)).toEqual({ isPublic: true }),
  )

  it.each<[Right, string]>([
    ['ping', BASE],
    ['pull', `${BASE},scope="repository:team/app:pull"`],
    ['push', `${BASE},scope="repository:team/app:pull,push"`],
    ['continue-upload', `${BASE},scope="repository:team/app:pull,push"`],
    ['delete', `${BASE},scope="repository:team/app:delete"`],
    ['catalog', `${BASE},scope="registry:catalog:*"`],
    ['signed-in', BASE],
    ['administrator', BASE],
    ['project-viewer', BASE],
    ['project-admin', BASE],
  ])('tells who has not logged in where to get a token: %s', async (right, challenge) => {
    expect(await ask(right, login)).toMatchObject({ code: 'UNAUTHORIZED', status: 401, challenge })
    expect(await ask(right, over)).toMatchObject({
      code: 'UNAUTHORIZED',
      challenge: `${challenge},error="invalid_token"`,
    })
    expect(await ask(right, narrow)).toMatchObject({
      code: 'UNAUTHORIZED',
      challenge: `${challenge},error="insufficient_scope"`,
    })
  })

  it.each<Right>(['pull', 'push', 'continue-upload', 'delete'])(
    'says 401 to who may not %s, and nothing that tells hidden from absent',
    async (right) => {
      const first = await ask(right, { ...denied, reason: 'the project is private' })
      expect(first).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
      expect(first).toEqual(await ask(right, { ...denied, reason: 'there is no such project' }))
      expect('challenge' in first && first.challenge).toContain('error="insufficient_scope"')
      expect(await ask(right, { ...login, reason: 'private' })).toEqual(
        await ask(right, { ...login, reason: 'absent' }),
      )
    },
  )

  it.each<Right>(['push', 'continue-upload', 'delete'])(
    'tells who may pull what the role for %s is',
    async (right) => {
      const reader = (_: string, action: string): Decision =>
        action === 'pull' ? allowed : { ...denied, reason: 'that takes a role' }
      const action = right === 'delete' ? right : 'push'
      const pulls = `you may pull from 'team/app', but not ${action}: that takes a role`
      expect(await ask(right, reader)).toMatchObject({ status: 401, message: `without logging in ${pulls}` })
      const refused = await ask(right, reader, { caller: READER })
      expect(refused).toMatchObject({ status: 401, message: pulls })
      const described = `,error="insufficient_scope",error_description="${pulls}"`
      expect('challenge' in refused && refused.challenge).toContain(described)
    },
  )

  it('denies on the API: what is seen with 403, what is hidden with 404', async () => {
    expect(await ask('administrator', denied)).toMatchObject({ code: 'DENIED', status: 403 })
    expect(await ask('signed-in', denied)).toMatchObject({ code: 'DENIED' })
    expect(await ask('project-viewer', denied)).toMatchObject({ code: 'NAME_UNKNOWN', status: 404 })
    expect(await ask('project-admin', denied)).toMatchObject({ code: 'NAME_UNKNOWN', status: 404 })
    const viewer = (_: string, action: string) => (action === 'pull' ? allowed : denied)
    expect(await ask('project-viewer', viewer)).toEqual({ isPublic: true })
    expect(await ask('project-admin', viewer)).toMatchObject({ code: 'DENIED', status: 403 })
  })

  it('asks for the right of the route, on the repository of the path', async () => {
    const asked: Asked[] = []
    for (const right of ['pull', 'push', 'delete', 'continue-upload', 'ping', 'catalog'] as const)
      await ask(right, allowed, { asked })
    expect(asked).toEqual([
      { of: 'repository', args: ['pull', 'team/app'] },
      { of: 'repository', args: ['push', 'team/app'] },
      { of: 'repository', args: ['delete', 'team/app'] },
      { of: 'repository', args: ['push', 'team/app', { continuing: true }] },
      { of: 'registry', args: ['ping'] },
      { of: 'registry', args: ['catalog'] },
    ])
  })

  it('refuses a name that is none before it asks', async () => {
    const asked: Asked[] = []
    for (const name of ['a%2Fb', 'A', '', 'a/../b', '_catalog'])
      for (const right of ['pull', 'push', 'delete', 'continue-upload'] as const)
        expect(await ask(right, allowed, { name, asked })).toMatchObject({
          code: 'NAME_INVALID',
          status: 400,
        })
    expect(asked).toEqual([])
    expect(() => repositoryName({})).toThrow(RegistryError)
  })

  it('asks for both repositories of a mount', async () => {
    const challenge = (query: string) => ask('push', login, { query })
    const both = `${BASE},scope="repository:team/app:pull,push repository:base/os:pull"`
    const one = `${BASE},scope="repository:team/app:pull,push"`
    expect(await challenge('mount=sha256:x&from=base/os')).toMatchObject({ challenge: both })
    for (const query of [
      'mount=sha256:x',
      'from=base/os',
      'mount=x&from=',
      'mount=x&from=Bad Name',
      'mount=x&from=a"b',
    ])
      expect(await challenge(query)).toMatchObject({ challenge: one })
    expect(
      scopeOf({ right: 'pull', params: { name: 'a' }, query: new URLSearchParams('mount=x&from=b') }),
    ).toHaveLength(1)
  })
})

describe('challenged', () => {
  it('quotes what it is given', () => {
    expect(challenged('https://r.example', 'why').headers['www-authenticate']).toBe(BASE)
    expect(challenged('http://x"y', 'why').headers['www-authenticate']).toBe(
      'Bearer realm="http://x\\"y/token",service="lamina"',
    )
  })
})
