import { describe, expect, it } from 'vitest'
import type { Role } from '../records/fields.ts'
import {
  type AccessSettings,
  type Action,
  decide,
  grantedActions,
  type Standing,
  scopeHolds,
} from './access.ts'
import type { Identity } from './identity.ts'

const user: Identity = { kind: 'user', name: 'alice', administrator: false }
const administrator: Identity = { kind: 'user', name: 'root', administrator: true }
const account: Identity = { kind: 'account', project: 'demo', name: 'ci', role: 'writer' }

const callers: Record<string, { identity: Identity; role?: Role }> = {
  anonymous: { identity: { kind: 'anonymous' } },
  stranger: { identity: user },
  viewer: { identity: user, role: 'viewer' },
  writer: { identity: user, role: 'writer' },
  admin: { identity: user, role: 'admin' },
  administrator: { identity: administrator },
  'foreign account': { identity: account },
  'viewer account': { identity: account, role: 'viewer' },
  'writer account': { identity: account, role: 'writer' },
  'admin account': { identity: account, role: 'admin' },
  unchecked: { identity: { kind: 'unchecked' } },
}

const projects: Record<string, Standing> = {
  private: { exists: true, public: false },
  public: { exists: true, public: true },
}

// One letter for each allowed action, in this order.
const LETTERS: [string, Action][] = [
  ['l', 'pull'],
  ['p', 'push'],
  ['d', 'delete'],
  ['a', 'administer'],
  ['c', 'create'],
]

function allowedIn(name: string, standing: Standing, settings: AccessSettings): string {
  const caller = callers[name]
  if (caller === undefined) throw new Error(name)
  const full: Standing = standing.exists ? { ...standing, role: caller.role } : standing
  return LETTERS.filter(([, action]) => decide(caller.identity, action, full, settings).allowed)
    .map(([letter]) => letter)
    .join('')
}

describe('decide: every role × action × visibility', () => {
  const table: [string, { private: string; public: string }][] = [
    ['anonymous', { private: '', public: 'l' }],
    ['stranger', { private: 'c', public: 'lc' }],
    ['viewer', { private: 'lc', public: 'lc' }],
    ['writer', { private: 'lpc', public: 'lpc' }],
    ['admin', { private: 'lpdac', public: 'lpdac' }],
    ['administrator', { private: 'lpdac', public: 'lpdac' }],
    ['foreign account', { private: '', public: 'l' }],
    ['viewer account', { private: 'l', public: 'l' }],
    ['writer account', { private: 'lp', public: 'lp' }],
    ['admin account', { private: 'lpda', public: 'lpda' }],
    ['unchecked', { private: 'lpdac', public: 'lpdac' }],
  ]
  it.each(table)('%s', (name, expected) => {
    for (const visibility of ['private', 'public'] as const)
      expect(
        allowedIn(name, projects[visibility] ?? { exists: false, public: false }, {
          createProjects: 'users',
        }),
      ).toBe(expected[visibility])
  })
  it('has a row for every caller', () => expect(table.map(([name]) => name)).toEqual(Object.keys(callers)))
})

describe('decide: a project that does not exist, by who may create', () => {
  const absent: Standing = { exists: false, public: false }
  const table: [string, Record<AccessSettings['createProjects'], string>][] = [
    ['anonymous', { users: '', admin: '', nobody: '' }],
    ['stranger', { users: 'pc', admin: '', nobody: '' }],
    ['administrator', { users: 'lpdac', admin: 'lpdac', nobody: 'ldac' }],
    ['foreign account', { users: '', admin: '', nobody: '' }],
    ['unchecked', { users: 'lpdac', admin: 'lpdac', nobody: 'lpdac' }],
  ]
  it.each(table)('%s', (name, expected) => {
    for (const createProjects of ['users', 'admin', 'nobody'] as const)
      expect(allowedIn(name, absent, { createProjects })).toBe(expected[createProjects])
  })

  it('refuses a pull of an absent and of a hidden project with the same words', () => {
    const settings: AccessSettings = { createProjects: 'users' }
    const hidden = decide(user, 'pull', { exists: true, public: false }, settings)
    expect(decide(user, 'pull', absent, settings)).toEqual(hidden)
    expect(hidden.allowed).toBe(false)
  })

  it('ignores a role left over in a project that is gone', () => {
    const verdict = decide(user, 'delete', { ...absent, role: 'admin' }, { createProjects: 'nobody' })
    expect(verdict.allowed).toBe(false)
  })
})

describe('grantedActions', () => {
  const settings: AccessSettings = { createProjects: 'users' }
  const hidden = (role?: Role): Standing => ({ exists: true, public: false, role })

  it('gives all that the account has for *', () => {
    expect(grantedActions(user, ['*'], hidden('admin'), settings)).toEqual(['pull', 'push', 'delete'])
    expect(grantedActions(user, ['*'], hidden('viewer'), settings)).toEqual(['pull'])
  })

  it('gives part of what is asked, and drops unknown actions', () => {
    expect(grantedActions(user, ['push', 'pull', 'delete', 'fly'], hidden('writer'), settings)).toEqual([
      'pull',
      'push',
    ])
    expect(grantedActions(user, ['pull'], hidden(), settings)).toEqual([])
  })

  it('lets whoever may make the project look before a first push, a mere reader not', () => {
    const absent: Standing = { exists: false, public: false }
    expect(grantedActions(user, ['push', 'pull'], absent, settings)).toEqual(['pull', 'push'])
    expect(grantedActions(user, ['pull'], absent, settings)).toEqual(['pull'])
    expect(grantedActions(user, ['push'], absent, settings)).toEqual(['push'])
    expect(grantedActions(user, ['delete'], absent, settings)).toEqual([])
    for (const reader of [account, { kind: 'anonymous' } as const])
      expect(grantedActions(reader, ['pull', 'push'], absent, settings)).toEqual([])
    for (const createProjects of ['admin', 'nobody'] as const)
      expect(grantedActions(user, ['pull', 'push'], absent, { createProjects })).toEqual([])
  })
})

describe('scopeHolds', () => {
  const scope = [
    { type: 'repository', name: 'a/b', actions: ['pull'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ]
  it.each([
    ['repository', 'a/b', 'pull', true],
    ['repository', 'a/b', 'push', false],
    ['repository', 'a', 'pull', false],
    ['repository', 'a/b/c', 'pull', false],
    ['registry', 'a/b', 'pull', false],
    ['registry', 'catalog', 'anything', true],
  ] as const)('%s:%s:%s', (type, name, action, holds) =>
    expect(scopeHolds(scope, type, name, action)).toBe(holds),
  )
})
