import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { createAuth } from './create-auth.ts'
import type { Login } from './login.ts'
import { cheapPasswords } from './passwords-fixture.ts'

const DAY = 86_400_000
const ALICE: Login = { identity: { kind: 'user', name: 'alice', administrator: false } }

let metadata: MetadataStore
let auth: ReturnType<typeof createAuth>
let now: number

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  now = Date.now()
  auth = createAuth({
    metadata,
    enabled: true,
    settings: { createProjects: 'users' },
    secret: undefined,
    passwords: cheapPasswords(),
    now: () => now,
  })
  await auth.users.create({ name: 'alice', password: 'correct horse', administrator: false })
})

describe('a session', () => {
  it('is found by its cookie until it is over', async () => {
    const { cookie } = await auth.sessions.begin(ALICE, 'Firefox')
    expect(await auth.sessions.find(cookie)).toMatchObject({ identity: ALICE.identity, scope: undefined })
    now += 14 * DAY
    expect(await auth.sessions.find(cookie)).toBeUndefined()
    expect(await auth.sessions.list('user:alice')).toEqual([])
  })

  it('keeps the secret nowhere, and is found by nothing that was not given out', async () => {
    const { cookie } = await auth.sessions.begin(ALICE, 'Firefox')
    const [id = '', secret = '', owner = ''] = cookie.split('.')
    const [entry] = await metadata.range({ prefix: keys.sessions(), limit: 1 })
    expect(Buffer.from(entry?.value ?? []).toString()).not.toContain(secret)
    const other = (await auth.sessions.begin(ALICE, '')).cookie.split('.')[1] ?? ''
    const wrong = [
      '',
      'nonsense',
      `${id}.${other}.${owner}`,
      `0000000000000000.${secret}.${owner}`,
      `${id}.${secret}.user:bob`,
      `${id}.${secret}.`,
      `${id}.${secret}.account:a/b`,
      `${id}..${owner}`,
    ]
    for (const text of wrong) expect(await auth.sessions.find(text), text).toBeUndefined()
  })

  it('knows the rank of now, and ends with the password', async () => {
    const { cookie } = await auth.sessions.begin(ALICE, 'Firefox')
    await auth.users.setPassword('alice', 'another horse')
    expect(await auth.sessions.find(cookie)).toBeUndefined()
  })

  it('ends with its user, also when another one gets the name', async () => {
    await auth.users.create({ name: 'bob', password: 'correct horse', administrator: false })
    const { cookie } = await auth.sessions.begin(
      { identity: { kind: 'user', name: 'bob', administrator: false } },
      '',
    )
    await auth.users.remove('bob')
    expect(await auth.sessions.find(cookie)).toBeUndefined()
    await auth.users.create({ name: 'bob', password: 'correct horse', administrator: true })
    expect(await auth.sessions.find(cookie)).toBeUndefined()
  })

  it('that began with a token ends with it', async () => {
    const token = await auth.credentials.create({ kind: 'personal', owner: 'user:alice', name: 'laptop' })
    const login = await auth.logins.withSecret(token.secret)
    const { cookie } = await auth.sessions.begin(login, '')
    expect(await auth.sessions.find(cookie)).toBeDefined()
    await auth.credentials.revoke('user:alice', token.id)
    expect(await auth.sessions.find(cookie)).toBeUndefined()
  })

  it('is listed and ended by its owner alone', async () => {
    const { cookie } = await auth.sessions.begin(ALICE, `Firefox ${'x'.repeat(300)}`)
    const [session] = await auth.sessions.list('user:alice')
    expect(session).toMatchObject({ created: now, expires: now + 14 * DAY })
    expect(session?.agent).toHaveLength(200)
    await expect(auth.sessions.end('user:bob', session?.id ?? '')).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
    await auth.sessions.end('user:alice', session?.id ?? '')
    expect(await auth.sessions.find(cookie)).toBeUndefined()
  })

  it('makes room: the oldest of fifty goes', async () => {
    const cookies: string[] = []
    for (let count = 0; count <= 50; count += 1) {
      now += 1000
      cookies.push((await auth.sessions.begin(ALICE, '')).cookie)
    }
    expect(await auth.sessions.list('user:alice')).toHaveLength(50)
    expect(await auth.sessions.find(cookies[0] ?? '')).toBeUndefined()
    expect(await auth.sessions.find(cookies.at(-1) ?? '')).toBeDefined()
  })
})
