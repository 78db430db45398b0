import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { parseName } from '../oci/name.ts'
import { accountCodec } from '../records/account.ts'
import { badgeCodec } from '../records/badge.ts'
import { keys } from '../records/keys.ts'
import { memberCodec, repositoryCodec } from '../records/project.ts'
import { userCodec } from '../records/user.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { createMembers, type Members } from './members.ts'
import { createEnsureProject, createProjects, type Projects } from './projects.ts'
import { readableProjects } from './readable-projects.ts'
import type { Reader } from './reader.ts'

let metadata: MetadataStore
let projects: Projects
let members: Members
let accounts: Accounts
let revoked: string[]
const now = () => 1_000
let pushers: string[] = []
const mayPush = (account: string) => Promise.resolve(pushers.includes(account))
const ensureProject = createEnsureProject({ mayPush, now })

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  revoked = []
  pushers = ['user:alice', 'user:bob']
  const secrets = {
    issue: (_: Transaction, made: { owner: string }) =>
      Promise.resolve({ secret: `secret of ${made.owner}` }),
    revokeAll: async (_: Transaction, owner: string) => {
      revoked.push(owner)
    },
  }
  accounts = createAccounts({ metadata, secrets, now })
  members = createMembers({ metadata, now })
  projects = createProjects({ metadata, accounts, now })
  await transact(metadata, async (transaction) => {
    for (const name of ['alice', 'bob'])
      transaction.set(userCodec, keys.user(name), { password: '', administrator: false, created: 1 })
  })
})

function make(name: string, options: { public?: boolean; account?: string } = {}) {
  return projects.create({ name, public: options.public ?? false, account: options.account ?? 'user:alice' })
}

async function readable(reader: Reader, after?: string): Promise<string[]> {
  const names: string[] = []
  for await (const name of readableProjects(metadata, reader, after)) names.push(name)
  return names
}

const user = (name: string, administrator = false): Reader => ({ kind: 'user', name, administrator })

async function addRepository(text: string): Promise<void> {
  const name = parseName(text)
  if (name === undefined) throw new Error(text)
  await transact(metadata, async (transaction) =>
    transaction.set(repositoryCodec, keys.repository(name), { id: '0123456789abcdef', created: 1 }),
  )
}

describe('projects', () => {
  it('make their maker an admin, both ways', async () => {
    await make('demo')
    const rows = await metadata.read([keys.member('demo', 'alice'), keys.membership('alice', 'demo')])
    expect(rows.map((row) => row && memberCodec.decode(row.value).role)).toEqual(['admin', 'admin'])
  })

  it('are refused with the reason', async () => {
    await make('demo')
    await expect(make('demo')).rejects.toMatchObject({ code: 'CONFLICT' })
    for (const name of ['', 'A', 'a/b', '_catalog', 'a..b', '\0', 'x'.repeat(300)])
      await expect(make(name)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await expect(make('other', { account: 'user:gone' })).rejects.toMatchObject({ code: 'DENIED' })
    for (const name of ['nothing', 'A', '\0']) {
      await expect(projects.setPublic(name, true)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      await expect(projects.remove(name)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      expect(await projects.find(name)).toBeUndefined()
    }
  })

  it('enter and leave the list of public ones with their visibility', async () => {
    await make('demo')
    expect(await readable({ kind: 'anonymous' })).toEqual([])
    expect(await projects.setPublic('demo', true)).toMatchObject({ public: true })
    expect(await readable({ kind: 'anonymous' })).toEqual(['demo'])
    await projects.setPublic('demo', false)
    expect(await readable({ kind: 'anonymous' })).toEqual([])
  })

  it('are not removed while they hold repositories, and a push that meets the removal wins or finds it gone', async () => {
    await make('demo')
    await addRepository('demo/app')
    await expect(projects.remove('demo')).rejects.toMatchObject({ code: 'CONFLICT' })
    await make('race')
    const push = transact(metadata, async (transaction) => {
      await ensureProject(transaction, 'race', 'user:alice')
      const name = parseName('race/app')
      if (name !== undefined)
        transaction.set(repositoryCodec, keys.repository(name), { id: '0123456789abcdef', created: 1 })
    })
    await Promise.allSettled([push, projects.remove('race')])
    await push
    expect(await projects.find('race')).toBeDefined()
  })

  it('take members, service accounts and their keys along', async () => {
    await make('demo', { public: true })
    await members.put('demo', 'bob', 'viewer')
    await accounts.create({
      project: 'demo',
      name: 'ci',
      role: 'writer',
      expires: undefined,
      createdBy: 'user:alice',
    })
    await projects.remove('demo')
    expect(revoked).toEqual(['account:demo/ci'])
    await make('demo', { account: 'user:bob' })
    expect(await readable(user('alice'))).toEqual([])
    expect((await members.list('demo', { after: undefined, limit: 9 })).map((member) => member.user)).toEqual(
      ['bob'],
    )
    expect(await accounts.list('demo', { after: undefined, limit: 9 })).toEqual([])
  })

  it('take any number of them along, and none while they hold repositories', async () => {
    const MANY = 2500
    await make('demo')
    await addRepository('demo/app')
    const names = Array.from({ length: MANY }, (_, at) => `n${at}`)
    await transact(metadata, async (transaction) => {
      for (const one of names) {
        transaction.set(memberCodec, keys.member('demo', one), { role: 'viewer', since: 1 })
        transaction.set(memberCodec, keys.membership(one, 'demo'), { role: 'viewer', since: 1 })
        transaction.set(accountCodec, keys.account('demo', one), {
          role: 'viewer',
          created: 1,
          createdBy: 'user:alice',
        })
        const repository = parseName('demo/app')
        if (repository === undefined) throw new Error('demo/app')
        const hash = createHash('sha256').update(one).digest()
        transaction.set(badgeCodec, keys.badge('demo', hash), {
          repository,
          created: 1,
          createdBy: 'user:alice',
        })
      }
    })
    const left = () =>
      Promise.all(
        [keys.members('demo'), keys.accounts('demo'), keys.badges('demo')].map(
          async (prefix) => (await metadata.range({ prefix, limit: 9999 })).length,
        ),
      )
    await expect(projects.remove('demo')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await left()).toEqual([MANY + 1, MANY, MANY])
    await transact(metadata, async (transaction) => {
      const name = parseName('demo/app')
      if (name !== undefined) transaction.delete(keys.repository(name))
    })
    await projects.remove('demo')
    expect(await left()).toEqual([0, 0, 0])
    expect(new Set(revoked).size).toBe(MANY)
    const reverse = await metadata.read(names.map((one) => keys.membership(one, 'demo')))
    expect(reverse.filter((row) => row !== undefined)).toEqual([])
    expect(await projects.find('demo')).toBeUndefined()
  })
})

describe('a first push', () => {
  const push = (project: string, account: string) =>
    transact(metadata, (transaction) => ensureProject(transaction, project, account))

  it('makes a private project of the user', async () => {
    await push('fresh', 'user:bob')
    expect(await projects.find('fresh')).toMatchObject({ public: false, createdBy: 'user:bob' })
    expect(await members.list('fresh', { after: undefined, limit: 9 })).toMatchObject([
      { user: 'bob', role: 'admin' },
    ])
  })

  it('leaves a project that is there as it is', async () => {
    await make('demo', { public: true })
    await push('demo', 'user:bob')
    expect(await members.list('demo', { after: undefined, limit: 9 })).toHaveLength(1)
  })

  it('that met the making of the project by somebody else is refused', async () => {
    await make('demo')
    pushers = ['user:alice']
    await push('demo', 'user:alice')
    await push('demo', 'anyone')
    await expect(push('demo', 'user:bob')).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('by nobody in particular makes one without members, by an account none', async () => {
    await push('fresh', 'anyone')
    expect(await members.list('fresh', { after: undefined, limit: 9 })).toEqual([])
    for (const account of ['account:demo/ci', ''])
      await expect(push('other', account)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(push('A', 'user:bob')).rejects.toMatchObject({ code: 'NAME_INVALID' })
  })

  it('of two makes one project, with one owner', async () => {
    await Promise.all([push('fresh', 'user:alice'), push('fresh', 'user:bob')])
    expect(await members.list('fresh', { after: undefined, limit: 9 })).toHaveLength(1)
  })
})

describe('readableProjects', () => {
  beforeEach(async () => {
    for (const name of ['a', 'a-b', 'b', 'c', 'd']) await make(name, { public: name === 'b' || name === 'd' })
    await members.put('a-b', 'bob', 'viewer')
    await members.put('d', 'bob', 'writer')
  })
  const cases: [string, Reader, string[]][] = [
    ['nobody: public', { kind: 'anonymous' }, ['b', 'd']],
    ['user: memberships and public, once', user('bob'), ['a-b', 'b', 'd']],
    ['administrator: all', user('root', true), ['a', 'a-b', 'b', 'c', 'd']],
    ['unchecked: all', { kind: 'unchecked' }, ['a', 'a-b', 'b', 'c', 'd']],
    ['account: own and public', { kind: 'account', project: 'c' }, ['b', 'c', 'd']],
  ]
  it.each(cases)('%s', async (_, reader, names) => {
    expect(await readable(reader)).toEqual(names)
    for (const after of ['', 'a', 'a-b', 'b', 'bb', 'd', 'z'])
      expect(await readable(reader, after)).toEqual(names.filter((name) => name > after))
  })

  it('goes on over pages', async () => {
    await transact(metadata, async (transaction) => {
      for (let index = 0; index < 450; index++)
        transaction.set(memberCodec, keys.membership('bob', `p${String(index).padStart(4, '0')}`), {
          role: 'viewer',
          since: 1,
        })
    })
    expect(await readable(user('bob'))).toHaveLength(453)
  })

  it('is listed page by page', async () => {
    const first = await projects.list(user('bob'), { after: undefined, limit: 2 })
    const rest = await projects.list(user('bob'), { after: first.at(-1)?.name, limit: 2 })
    expect([...first, ...rest].map((project) => project.name)).toEqual(['a-b', 'b', 'd'])
  })
})

describe('members', () => {
  beforeEach(() => make('demo').then(() => undefined))

  it('are added, changed and removed, both ways', async () => {
    await members.put('demo', 'bob', 'viewer')
    await members.put('demo', 'bob', 'writer')
    expect(await members.list('demo', { after: 'alice', limit: 9 })).toEqual([
      { user: 'bob', role: 'writer', since: 1000 },
    ])
    expect(await readable(user('bob'))).toEqual(['demo'])
    await members.remove('demo', 'bob')
    expect(await readable(user('bob'))).toEqual([])
  })

  it('are users that exist, in projects that exist', async () => {
    for (const [project, name] of [
      ['demo', 'carol'],
      ['demo', '\0'],
      ['nothing', 'bob'],
      ['\0', 'bob'],
    ] as const) {
      await expect(members.put(project, name, 'viewer')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      await expect(members.remove(project, name)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    }
  })
})

describe('service accounts', () => {
  const account = {
    project: 'demo',
    name: 'ci',
    role: 'viewer',
    expires: undefined,
    createdBy: 'user:alice',
  } as const
  beforeEach(() => make('demo').then(() => undefined))

  it('have their record, and a secret that is given once', async () => {
    expect(await accounts.create(account)).toEqual({ secret: 'secret of account:demo/ci' })
    const [row] = await metadata.read([keys.account('demo', 'ci')])
    expect(row && accountCodec.decode(row.value)).toMatchObject({ role: 'viewer', createdBy: 'user:alice' })
    expect(JSON.stringify(await accounts.list('demo', { after: undefined, limit: 9 }))).not.toContain(
      'secret',
    )
  })

  it('are refused with the reason', async () => {
    await accounts.create(account)
    await expect(accounts.create(account)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(accounts.create({ ...account, project: 'nothing' })).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
    await expect(accounts.create({ ...account, name: 'a/b' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
  })

  it('are removed with their secret, from their own project alone', async () => {
    await accounts.create(account)
    await make('other')
    await expect(accounts.remove('other', 'ci')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    await accounts.remove('demo', 'ci')
    expect(revoked).toEqual(['account:demo/ci'])
    await expect(accounts.remove('demo', 'ci')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })
})
