import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { memberCodec } from '../records/project.ts'
import { isUserName } from '../records/user.ts'
import { createAuth } from './create-auth.ts'
import { ensureAdministrator } from './first-user.ts'
import { hashPassword } from './passwords.ts'
import { cheapPasswords } from './passwords-fixture.ts'

let metadata: MetadataStore
let auth: ReturnType<typeof createAuth>

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  auth = createAuth({
    metadata,
    enabled: true,
    settings: { createProjects: 'users' },
    secret: undefined,
    passwords: cheapPasswords(),
  })
})

const person = (name: string, administrator = false) => ({ name, administrator, password: 'long enough' })

describe('user names', () => {
  it.each(['a', 'alice', 'alice.b', 'a-b_c', 'alice@example.com', '0'])('%s', (name) =>
    expect(isUserName(name)).toBe(true),
  )
  it.each([
    '',
    'Alice',
    '_token',
    '<token>',
    'a:b',
    'demo+ci',
    'a/b',
    '-a',
    'a.',
    'a\0',
    'é',
    'a'.repeat(65),
  ])('not %s', (name) => expect(isUserName(name)).toBe(false))
})

describe('users', () => {
  it('get the password they ask for, or one made up', async () => {
    expect(await auth.users.create(person('alice'))).toEqual({ password: undefined })
    const { password } = await auth.users.create({ name: 'bob', administrator: false })
    expect(password).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
    const login = await auth.logins.withPassword({ username: 'bob', password: password ?? '' }, '')
    expect(login.identity).toMatchObject({ name: 'bob' })
  })

  it('are refused with the reason', async () => {
    await auth.users.create(person('alice'))
    await expect(auth.users.create(person('alice'))).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(auth.users.create(person('A'))).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    for (const password of ['short', '', `lam_${'A'.repeat(43)}`, 'x'.repeat(1025)])
      await expect(auth.users.create({ ...person('bob'), password })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      })
  })

  it('get no password that is no secret', async () => {
    await auth.users.create(person('longername'))
    for (const password of ['        ', 'longername', 'LongerName']) {
      const refused = { code: 'REQUEST_INVALID', detail: { field: 'password' } }
      await expect(auth.users.setPassword('longername', password)).rejects.toMatchObject(refused)
      const again = { name: 'longername', password, administrator: false }
      await expect(auth.users.create(again)).rejects.toMatchObject(refused)
    }
    await auth.users.setPassword('longername', 'longername-2026')
  })

  it('are listed by name, page by page, without their passwords', async () => {
    for (const name of ['carol', 'alice', 'a-b', 'bob']) await auth.users.create(person(name))
    const first = await auth.users.list({ after: undefined, limit: 2 })
    const second = await auth.users.list({ after: first.at(-1)?.name, limit: 9 })
    expect([...first, ...second].map((user) => user.name)).toEqual(['a-b', 'alice', 'bob', 'carol'])
    expect(JSON.stringify(first)).not.toContain('argon2')
  })

  it('take memberships and tokens along; who comes later under the name has nothing', async () => {
    await auth.users.create(person('root', true))
    await auth.users.create(person('alice'))
    const { secret } = await auth.credentials.create({ kind: 'personal', owner: 'user:alice', name: 'x' })
    await transact(metadata, async (transaction) => {
      transaction.set(memberCodec, keys.member('demo', 'alice'), { role: 'admin', since: 1 })
      transaction.set(memberCodec, keys.membership('alice', 'demo'), { role: 'admin', since: 1 })
    })
    await auth.users.remove('alice')
    await auth.users.create(person('alice'))
    await expect(auth.logins.withSecret(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await metadata.read([keys.member('demo', 'alice'), keys.membership('alice', 'demo')])).toEqual([
      undefined,
      undefined,
    ])
    await expect(auth.users.remove('nobody')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    await expect(auth.users.setPassword('a\0', undefined)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })

  it('leave any number of projects', async () => {
    await auth.users.create(person('root', true))
    await auth.users.create(person('alice'))
    const projects = Array.from({ length: 2500 }, (_, at) => `p${at}`)
    await transact(metadata, async (transaction) => {
      for (const project of projects) {
        transaction.set(memberCodec, keys.member(project, 'alice'), { role: 'admin', since: 1 })
        transaction.set(memberCodec, keys.membership('alice', project), { role: 'admin', since: 1 })
      }
    })
    await auth.users.remove('alice')
    expect(await metadata.range({ prefix: keys.memberships('alice'), limit: 1 })).toEqual([])
    const members = await metadata.read(projects.map((project) => keys.member(project, 'alice')))
    expect(members.filter((row) => row !== undefined)).toEqual([])
    expect(await auth.users.find('alice')).toBeUndefined()
  })

  it('lose nothing when they may not be removed', async () => {
    await auth.users.create(person('root', true))
    const projects = Array.from({ length: 1500 }, (_, at) => `p${at}`)
    await transact(metadata, async (transaction) => {
      for (const project of projects)
        transaction.set(memberCodec, keys.membership('root', project), { role: 'admin', since: 1 })
    })
    await expect(auth.users.remove('root')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await metadata.range({ prefix: keys.memberships('root'), limit: 2000 })).toHaveLength(1500)
  })

  it('always leave an administrator', async () => {
    await auth.users.create(person('root', true))
    await auth.users.create(person('alice'))
    await expect(auth.users.remove('root')).rejects.toMatchObject({ code: 'CONFLICT' })
    await auth.users.create(person('toor', true))
    const both = await Promise.allSettled([auth.users.remove('root'), auth.users.remove('toor')])
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
    const left = await auth.users.list({ after: undefined, limit: 9 })
    expect(left.filter((user) => user.administrator)).toHaveLength(1)
  })
})

describe('ensureAdministrator', () => {
  it('makes one admin, once, whoever starts first', async () => {
    const made = await Promise.all(
      [1, 2, 3].map(() =>
        ensureAdministrator(auth.users, () => hashPassword(cheapPasswords(), undefined, 'admin')),
      ),
    )
    expect(made.filter(({ password }) => password !== undefined)).toHaveLength(1)
    expect(await auth.users.list({ after: undefined, limit: 9 })).toMatchObject([
      { name: 'admin', administrator: true },
    ])
  })

  it('takes a given password, and shows it to nobody', async () => {
    const shown = await ensureAdministrator(auth.users, () =>
      hashPassword(cheapPasswords(), 'from the settings', 'admin'),
    )
    expect(shown).toEqual({ isFirst: true })
    const login = await auth.logins.withPassword({ username: 'admin', password: 'from the settings' }, '')
    expect(login.identity).toMatchObject({ administrator: true })
  })

  it('asks for no password where somebody may log in, and says so', async () => {
    await auth.users.create(person('ann', true))
    const asked = () => Promise.reject(new Error('asked'))
    expect(await ensureAdministrator(auth.users, asked)).toEqual({ isFirst: false })
  })
})
