import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { userCodec } from '../records/user.ts'
import { createFailureLimit } from './failure-limit.ts'
import { createPasswordLogin, type PasswordLogin } from './password-login.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { cheapPasswords } from './passwords-fixture.ts'

const passwords = cheapPasswords()
let metadata: MetadataStore
let login: PasswordLogin
let time = 0
let verified: (string | undefined)[]
let busy = false

const counting: Passwords = {
  hash: (password) => passwords.hash(password),
  verify: (stored, password, address) => {
    verified.push(stored)
    if (busy) return Promise.reject(new Error('too busy'))
    return passwords.verify(stored, password, address)
  },
}

beforeEach(async () => {
  time = 1_000_000
  verified = []
  busy = false
  metadata = await openMemoryMetadataStore()
  const now = () => time
  const failures = createFailureLimit({ burst: 10, perSecond: 1, now })
  login = createPasswordLogin({ metadata, passwords: counting, failures, now })
  await setPassword('alice', 'correct horse')
})

async function setPassword(name: string, password: string, disabled = false): Promise<void> {
  const hash = await passwords.hash(password)
  await transact(metadata, async (transaction) =>
    transaction.set(userCodec, keys.user(name), {
      password: hash,
      administrator: false,
      created: 1,
      disabled,
    }),
  )
}

const HERE = '192.0.2.1'

describe('password login', () => {
  it('takes the right pair and nothing else', async () => {
    expect(await login('alice', 'correct horse', HERE)).toEqual({
      kind: 'user',
      name: 'alice',
      administrator: false,
    })
    for (const [name, password] of [
      ['alice', 'correct Horse'],
      ['alice', ''],
      ['alice', 'x'.repeat(5000)],
      ['bob', 'correct horse'],
      ['Alice', 'correct horse'],
      ['', ''],
      ['a\0b', 'correct horse'],
    ] as const)
      expect(await login(name, password, HERE)).toBeUndefined()
  })

  it('hashes for unknown users, too', async () => {
    await login('nobody', 'x', HERE)
    expect(verified).toEqual([undefined])
  })

  it('hashes once a minute, and once for logins that come together', async () => {
    await Promise.all(Array.from({ length: 30 }, () => login('alice', 'correct horse', HERE)))
    expect(verified).toHaveLength(1)
    time += 59_999
    await login('alice', 'correct horse', HERE)
    expect(verified).toHaveLength(1)
    time += 1
    await login('alice', 'correct horse', HERE)
    expect(verified).toHaveLength(2)
  })

  it('forgets at once when the password changes, or the user is disabled or deleted', async () => {
    await login('alice', 'correct horse', HERE)
    await setPassword('alice', 'battery staple')
    expect(await login('alice', 'correct horse', HERE)).toBeUndefined()
    expect(await login('alice', 'battery staple', HERE)).toBeDefined()
    await setPassword('alice', 'battery staple', true)
    expect(await login('alice', 'battery staple', HERE)).toBeUndefined()
    await transact(metadata, async (transaction) => transaction.delete(keys.user('alice')))
    expect(await login('alice', 'battery staple', HERE)).toBeUndefined()
  })
})

describe('failures', () => {
  const wrong = (index = 0) => login('alice', `wrong ${index}`, HERE)
  const spend = async () => {
    for (let index = 0; index < 10; index++) expect(await wrong(index)).toBeUndefined()
  }

  it('are ten, then one a second', async () => {
    await spend()
    await expect(wrong()).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    await expect(login('alice', 'correct horse', HERE)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' })
    time += 1_000
    expect(await wrong()).toBeUndefined()
    await expect(wrong()).rejects.toMatchObject({ status: 429 })
    expect(verified).toHaveLength(11)
  })

  it('keep nobody out for the time by which the clock is set back', async () => {
    await login('alice', 'correct horse', HERE)
    await wrong()
    time -= 600_000
    expect(await wrong()).toBeUndefined()
    await setPassword('alice', 'battery staple')
    expect(await login('alice', 'battery staple', HERE)).toBeDefined()
  })

  it('of one account or address leave others alone', async () => {
    await setPassword('bob', 'bobs password')
    await spend()
    expect(await login('bob', 'bobs password', HERE)).toBeDefined()
    expect(await login('alice', 'correct horse', '192.0.2.2')).toBeDefined()
    // Remembered now: also from the address that is in disgrace.
    expect(await login('alice', 'correct horse', HERE)).toBeDefined()
  })

  it('do not count when the password is right', async () => {
    for (let index = 0; index < 30; index++) {
      time += 60_001
      await login('alice', 'correct horse', HERE)
    }
    await spend()
  })

  it('are not counted while the registry is too busy to compare', async () => {
    busy = true
    for (let index = 0; index < 20; index++)
      await expect(login('alice', 'correct horse', HERE)).rejects.toThrow('too busy')
    busy = false
    expect(await login('alice', 'correct horse', HERE)).toMatchObject({ name: 'alice' })
  })

  it('count together for the /64 of an IPv6 host', async () => {
    for (let index = 1; index <= 10; index++)
      await login('alice', 'wrong', `2001:db8:1:2::${index.toString(16)}`)
    await expect(login('alice', 'wrong', '2001:db8:1:2:ffff::9')).rejects.toMatchObject({ status: 429 })
    expect(await login('alice', 'wrong', '2001:db8:1:3::1')).toBeUndefined()
    expect(await login('alice', 'wrong', '::1')).toBeUndefined()
  })
})

describe('passwords', () => {
  it('are the same however a keyboard composes their letters', async () => {
    const passwords = cheapPasswords()
    const [composed, apart] = ['caf\u00e9 creme', 'cafe\u0301 creme']
    for (const [set, typed] of [
      [composed, apart],
      [apart, composed],
      [apart, apart],
    ] as const)
      expect(await passwords.verify(await passwords.hash(set), typed, '')).toBe(true)
    expect(await passwords.verify(await passwords.hash(composed), 'cafe creme', '')).toBe(false)
  })

  it('are argon2id with 19 MiB and two passes', async () => {
    expect(await createPasswords().hash('x')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  // An unknown user costs a hash like any other: these queue for one, and would not if it were skipped.
  it('hash for users who do not exist, and turn callers away rather than queue without end', async () => {
    const crowded = cheapPasswords()
    const ask = () => crowded.verify(undefined, 'x', HERE)
    const all = await Promise.allSettled(Array.from({ length: 230 }, ask))
    const refused = all.filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(26)
    expect(refused[0]).toMatchObject({ reason: { code: 'TOOMANYREQUESTS' } })
    expect(await ask()).toBe(false)
  }, 60_000)
})
