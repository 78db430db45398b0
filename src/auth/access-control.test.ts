import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { parseName, type RepositoryName } from '../oci/name.ts'
import { accountCodec } from '../records/account.ts'
import type { Role } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { memberCodec, projectCodec } from '../records/project.ts'
import { userCodec } from '../records/user.ts'
import { type AccessControl, createAccessControl } from './access-control.ts'
import { type Access, ANONYMOUS, type Caller, type Identity, UNCHECKED } from './identity.ts'

let metadata: MetadataStore
let access: AccessControl
let reads = 0
let time = 0

const CREATED = 1_000_000
const alice: Identity = { kind: 'user', name: 'alice', administrator: false }
const ci: Identity = { kind: 'account', project: 'demo', name: 'ci', role: 'viewer' }

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  reads = 0
  const counting: MetadataStore = {
    read: (wanted) => {
      reads++
      return metadata.read(wanted)
    },
    range: (query) => metadata.range(query),
    commit: (commit) => metadata.commit(commit),
    snapshot: () => metadata.snapshot(),
    close: () => metadata.close(),
  }
  time = Date.now()
  access = createAccessControl({
    metadata: counting,
    settings: { createProjects: 'users' },
    now: () => time,
  })
  await transact(metadata, async (transaction) => {
    for (const name of ['demo', 'secret', 'open'])
      transaction.set(projectCodec, keys.project(name), {
        public: name === 'open',
        created: CREATED,
        createdBy: 'user:root',
      })
    for (const name of ['alice', 'root'])
      transaction.set(userCodec, keys.user(name), {
        password: '',
        administrator: name === 'root',
        created: CREATED,
      })
    transaction.set(accountCodec, keys.account('demo', 'ci'), {
      role: 'writer',
      created: CREATED,
      createdBy: 'user:root',
    })
  })
  await setRole('writer')
})

function setRole(role: Role | undefined): Promise<void> {
  return transact(metadata, async (transaction) => {
    if (role === undefined) transaction.delete(keys.member('demo', 'alice'))
    else transaction.set(memberCodec, keys.member('demo', 'alice'), { role, since: CREATED })
  })
}

function name(text: string): RepositoryName {
  const parsed = parseName(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

function token(identity: Identity, ...scope: Access[]): Caller {
  return { identity, scope, expired: false, issued: CREATED + 60_000 }
}

function basic(identity: Identity): Caller {
  return { identity, scope: undefined, expired: false }
}

const on = (repository: string, ...actions: string[]): Access => ({
  type: 'repository',
  name: repository,
  actions,
})

describe('check', () => {
  it('reads once', async () => {
    await access.check(token(alice, on('demo/app', 'push')), 'push', name('demo/app'))
    expect(reads).toBe(1)
    await access.check(ANONYMOUS, 'pull', name('open/app'))
    expect(reads).toBe(2)
  })

  const cases: [string, Caller, 'pull' | 'push' | 'delete', string, string][] = [
    ['nobody, private', ANONYMOUS, 'pull', 'demo/app', 'unauthenticated'],
    ['nobody, absent', ANONYMOUS, 'pull', 'nothing/app', 'unauthenticated'],
    ['nobody, public', ANONYMOUS, 'pull', 'open/app', 'allowed'],
    ['anonymous token, private', token({ kind: 'anonymous' }), 'pull', 'demo/app', 'denied'],
    [
      'anonymous token, public',
      token({ kind: 'anonymous' }, on('open/app', 'pull')),
      'pull',
      'open/app',
      'allowed',
    ],
    ['member', basic(alice), 'push', 'demo/app', 'allowed'],
    ['member beyond the role', basic(alice), 'delete', 'demo/app', 'denied'],
    ['token wide enough', token(alice, on('demo/app', 'pull', 'push')), 'push', 'demo/app', 'allowed'],
    ['token of all', token(alice, on('demo/app', '*')), 'push', 'demo/app', 'allowed'],
    ['token too narrow', token(alice, on('demo/app', 'pull')), 'push', 'demo/app', 'narrow'],
    ['token of another repository', token(alice, on('demo/other', 'push')), 'push', 'demo/app', 'narrow'],
    ['token of the project alone', token(alice, on('demo', 'push')), 'push', 'demo/app', 'narrow'],
    ['token without scope', token(alice), 'pull', 'demo/app', 'narrow'],
    ['token without scope, public', token(alice), 'pull', 'open/app', 'narrow'],
    ['a token never widens', token(alice, on('secret/app', 'pull', 'push')), 'pull', 'secret/app', 'denied'],
    ['hidden', basic(alice), 'pull', 'secret/app', 'denied'],
    ['first push', token(alice, on('new/app', 'pull', 'push')), 'push', 'new/app', 'allowed'],
    ['first push looks first, by Basic', basic(alice), 'pull', 'new/app', 'allowed'],
    [
      'first push looks first, for pull alone',
      token(alice, on('new/app', 'pull')),
      'pull',
      'new/app',
      'allowed',
    ],
    ['absent, token for push alone', token(alice, on('new/app', 'push')), 'pull', 'new/app', 'denied'],
    ['first push looks first', token(alice, on('new/app', 'pull', 'push')), 'pull', 'new/app', 'allowed'],
    ['account at home, by the role of its record', basic(ci), 'push', 'demo/app', 'allowed'],
    ['account elsewhere', basic(ci), 'pull', 'secret/app', 'denied'],
    ['account makes no project', basic(ci), 'push', 'new/app', 'denied'],
    ['account sees no absent one', basic(ci), 'pull', 'new/app', 'denied'],
    ['unchecked', UNCHECKED, 'delete', 'secret/app', 'allowed'],
  ]
  it.each(cases)('%s', async (...[, caller, action, repository, outcome]) => {
    expect((await access.check(caller, action, name(repository))).outcome).toBe(outcome)
  })

  it('does not believe the rank in an identity', async () => {
    const claimed: Caller = basic({ kind: 'user', name: 'alice', administrator: true })
    expect((await access.check(claimed, 'delete', name('secret/app'))).outcome).toBe('denied')
    const root = await access.check(
      basic({ kind: 'user', name: 'root', administrator: false }),
      'delete',
      name('secret/app'),
    )
    expect(root).toMatchObject({ outcome: 'allowed', identity: { administrator: true } })
  })

  it('takes an expired token for nothing but a running upload', async () => {
    const expired: Caller = { ...token(alice, on('demo/app', 'push')), expired: true }
    expect(await access.check(expired, 'push', name('demo/app'))).toMatchObject({ error: 'invalid_token' })
    const going = await access.check(expired, 'push', name('demo/app'), { continuing: true })
    expect(going.outcome).toBe('allowed')
    await setRole(undefined)
    const gone = await access.check(expired, 'push', name('demo/app'), { continuing: true })
    expect(gone.outcome).toBe('denied')
  })
})

describe('what changes counts at once, under live tokens too', () => {
  const live = token(alice, on('demo/app', 'pull', 'push'))
  const outcome = async (caller = live) => (await access.check(caller, 'push', name('demo/app'))).outcome

  it('a removed or lowered member', async () => {
    expect(await outcome()).toBe('allowed')
    await setRole('viewer')
    expect(await outcome()).toBe('denied')
    await setRole(undefined)
    expect(await outcome()).toBe('denied')
  })

  it('a deleted or disabled user, and one made anew under the name', async () => {
    const write = (change: { created?: number; disabled?: boolean }) =>
      transact(metadata, async (transaction) =>
        transaction.set(userCodec, keys.user('alice'), {
          password: '',
          administrator: false,
          created: CREATED,
          ...change,
        }),
      )
    await write({ disabled: true })
    expect(await outcome()).toBe('unauthenticated')
    await transact(metadata, async (transaction) => transaction.delete(keys.user('alice')))
    expect(await outcome()).toBe('unauthenticated')
    await write({ created: CREATED + 120_000 })
    expect(await outcome()).toBe('unauthenticated')
    await write({})
    expect(await outcome()).toBe('allowed')
  })

  it('an account that was made before the clock was set back is no later one', async () => {
    await transact(metadata, async (transaction) =>
      transaction.set(userCodec, keys.user('alice'), {
        password: '',
        administrator: false,
        created: time + 3_600_000,
      }),
    )
    expect(await outcome()).toBe('allowed')
  })

  it('a deleted service account', async () => {
    const robot = token(ci, on('demo/app', 'push'))
    expect(await outcome(robot)).toBe('allowed')
    await transact(metadata, async (transaction) => transaction.delete(keys.account('demo', 'ci')))
    expect(await outcome(robot)).toBe('unauthenticated')
  })

  it('a service account whose time is over, also where what was found is remembered', async () => {
    const until = time + 1000
    await transact(metadata, async (transaction) =>
      transaction.set(accountCodec, keys.account('demo', 'ci'), {
        role: 'writer',
        created: CREATED,
        createdBy: 'user:root',
        expires: until,
      }),
    )
    // The store itself says that nothing is written.
    const remembering = createAccessControl({
      metadata,
      settings: { createProjects: 'users' },
      now: () => time,
    })
    for (const one of [access, remembering]) {
      const may = async () =>
        (await one.check(token(ci, on('demo/app', 'push')), 'push', name('demo/app'))).outcome
      time = until - 1
      expect(await may()).toBe('allowed')
      time = until
      expect(await may()).toBe('unauthenticated')
    }
  })

  it('a deleted project', async () => {
    await transact(metadata, async (transaction) => transaction.delete(keys.project('demo')))
    expect((await access.check(basic(ci), 'pull', name('demo/app'))).outcome).not.toBe('allowed')
    expect((await access.check(basic(alice), 'delete', name('demo/app'))).outcome).toBe('denied')
  })
})

describe('checkProject, for /api/v1', () => {
  it('refuses tokens of the token endpoint', async () => {
    expect((await access.checkProject(token(alice, on('demo', 'pull')), 'pull', 'demo')).outcome).toBe(
      'narrow',
    )
  })

  it('takes any text for a project', async () => {
    for (const project of ['', 'a/b', '\0', 'A', '..'])
      expect((await access.checkProject(basic(alice), 'pull', project)).outcome).toBe('denied')
  })

  it('gives administer to admins alone', async () => {
    expect((await access.checkProject(basic(alice), 'administer', 'demo')).outcome).toBe('denied')
    await setRole('admin')
    expect((await access.checkProject(basic(alice), 'administer', 'demo')).outcome).toBe('allowed')
    expect((await access.checkProject(basic(alice), 'administer', 'secret')).outcome).toBe('denied')
  })
})

describe('checkRegistry', () => {
  const root: Identity = { kind: 'user', name: 'root', administrator: false }
  const catalog: Access = { type: 'registry', name: 'catalog', actions: ['*'] }
  const cases: [string, Caller, 'ping' | 'catalog' | 'signed-in' | 'administrator', string][] = [
    ['ping, nobody', ANONYMOUS, 'ping', 'unauthenticated'],
    ['ping, anonymous token', token({ kind: 'anonymous' }), 'ping', 'allowed'],
    ['ping, empty token', token(alice), 'ping', 'allowed'],
    ['ping, Basic', basic(alice), 'ping', 'allowed'],
    ['catalog, nobody', ANONYMOUS, 'catalog', 'unauthenticated'],
    ['catalog, anonymous token', token({ kind: 'anonymous' }, catalog), 'catalog', 'denied'],
    ['catalog, token', token(alice, catalog), 'catalog', 'allowed'],
    ['catalog, token of something else', token(alice, on('demo/app', 'pull')), 'catalog', 'narrow'],
    ['signed in, Basic', basic(alice), 'signed-in', 'allowed'],
    ['signed in, registry token', token(alice), 'signed-in', 'narrow'],
    ['administrator, user', basic(alice), 'administrator', 'denied'],
    ['administrator, account', basic(ci), 'administrator', 'denied'],
    ['administrator', basic(root), 'administrator', 'allowed'],
    ['administrator, registry token', token(root), 'administrator', 'narrow'],
    ['unchecked', UNCHECKED, 'administrator', 'allowed'],
  ]
  it.each(cases)('%s', async (_, caller, right, outcome) => {
    expect((await access.checkRegistry(caller, right)).outcome).toBe(outcome)
  })
})

describe('checkProject, for who is not judged', () => {
  it.each([
    ['demo', false],
    ['nothing', true],
    ['no name', true],
  ])('tells whether there is %s, too', async (project, absent) => {
    const decision = await access.checkProject(UNCHECKED, 'administer', project)
    expect(decision).toMatchObject({ outcome: 'allowed', absent })
  })
})

describe('mayMount', () => {
  it('takes the account and the token for exactly the source', async () => {
    const source = name('demo/base')
    expect(await access.mayMount(basic(alice), source)).toBe(true)
    expect(await access.mayMount(token(alice, on('demo/base', 'pull')), source)).toBe(true)
    expect(await access.mayMount(token(alice, on('demo/app', 'pull', 'push')), source)).toBe(false)
    expect(await access.mayMount(token(alice, on('secret/base', 'pull')), name('secret/base'))).toBe(false)
    expect(await access.mayMount(basic(ci), name('nothing/base'))).toBe(false)
  })
})

describe('accountMayPush', () => {
  it('goes by the records of now', async () => {
    const ask = (account: string, project: string) => access.accountMayPush(account, project)
    expect(await ask('user:alice', 'demo')).toBe(true)
    expect(await ask('user:alice', 'secret')).toBe(false)
    expect(await ask('user:root', 'secret')).toBe(true)
    expect(await ask('account:demo/ci', 'demo')).toBe(true)
    expect(await ask('account:demo/ci', 'secret')).toBe(false)
    for (const account of ['', 'user:gone', 'nonsense']) expect(await ask(account, 'demo')).toBe(false)
  })
})

describe('grant', () => {
  it('is the intersection, in one read', async () => {
    reads = 0
    const granted = await access.grant(alice, [
      on('demo/app', 'pull', 'push', 'delete'),
      on('demo', '*'),
      on('open/app', 'pull', 'push'),
      on('secret/app', 'pull'),
      on('nothing/app', 'pull'),
      on('new/app', 'push', 'pull'),
      on('host:5000/a', 'pull'),
      { type: 'aquarium', name: 'fish', actions: ['pull'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ])
    expect(reads).toBe(1)
    expect(granted).toEqual([
      on('demo/app', 'pull', 'push'),
      on('demo', 'pull', 'push'),
      on('open/app', 'pull'),
      on('nothing/app', 'pull'),
      on('new/app', 'pull', 'push'),
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ])
  })

  it('gives nobody public pulls alone', async () => {
    const asked = [
      on('open/app', '*'),
      on('demo/app', 'pull'),
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ]
    expect(await access.grant({ kind: 'anonymous' }, asked)).toEqual([on('open/app', 'pull')])
  })

  it('keeps tokens small', async () => {
    const asked = Array.from({ length: 500 }, (_, index) => on(`open/${'x'.repeat(150)}${index}`, 'pull'))
    const granted = await access.grant({ kind: 'anonymous' }, asked)
    expect(granted.length).toBeGreaterThan(20)
    expect(JSON.stringify(granted).length).toBeLessThan(11_500)
  })
})
