import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { accountCodec } from '../records/account.ts'
import { credentialCodec } from '../records/credential.ts'
import { keys } from '../records/keys.ts'
import { createAuth } from './create-auth.ts'
import { CREDENTIAL_LIMIT } from './credential-room.ts'
import { REFRESH_LIFE } from './credentials.ts'
import { makeKeyFile } from './key-file.ts'
import { cheapPasswords } from './passwords-fixture.ts'
import { hashSecret } from './secrets.ts'

let metadata: MetadataStore
let auth: ReturnType<typeof createAuth>
let time = 0
let personal = ''
let robot = ''

const DAY = 86_400_000

beforeEach(async () => {
  time = Date.now()
  metadata = await openMemoryMetadataStore()
  auth = createAuth({
    metadata,
    enabled: true,
    settings: { createProjects: 'users' },
    secret: undefined,
    passwords: cheapPasswords(),
    now: () => time,
  })
  await auth.users.create({ name: 'alice', password: 'pass:word:1', administrator: false })
  await auth.users.create({ name: 'bob', password: 'bobs password', administrator: false })
  personal = (await auth.credentials.create({ kind: 'personal', owner: 'user:alice', name: 'laptop' })).secret
  robot = await transact(metadata, async (transaction) => {
    transaction.set(accountCodec, keys.account('demo', 'ci'), {
      role: 'writer',
      created: time,
      createdBy: 'user:alice',
    })
    const made = { kind: 'account', owner: 'account:demo/ci', name: 'ci' } as const
    return (await auth.credentials.issue(transaction, made)).secret
  })
})

function basic(username: string, password: string): Promise<unknown> {
  const value = Buffer.from(`${username}:${password}`).toString('base64')
  return auth.authenticate(`Basic ${value}`, '192.0.2.1')
}

const ALICE = { kind: 'user', name: 'alice', administrator: false }
const CI = { kind: 'account', project: 'demo', name: 'ci', role: 'writer' }

describe('Basic logins', () => {
  const keyFile = () => makeKeyFile('demo', 'ci', robot)
  const cases: [string, () => [string, string], unknown][] = [
    ['user and password, colons inside', () => ['alice', 'pass:word:1'], ALICE],
    ['user as a phone writes it, and password', () => ['Alice', 'pass:word:1'], ALICE],
    ['user and personal token', () => ['alice', personal], ALICE],
    ['oauth2accesstoken', () => ['oauth2accesstoken', personal], ALICE],
    ['_token', () => ['_token', personal], ALICE],
    ['gcloud', () => ['_dcgcloud_token', personal], ALICE],
    ['docker-credential-gcr with a version', () => ['_dcgcr_2_1_0_token', personal], ALICE],
    ['docker-credential-gcr without', () => ['_dcgcr_token', personal], ALICE],
    ['a token family with an account’s secret', () => ['_token', robot], CI],
    ['account name and secret', () => ['demo+ci', robot], CI],
    ['_json_key, compact', () => ['_json_key', JSON.stringify(keyFile())], CI],
    ['_json_key, indented, padded', () => ['_json_key', `\n${JSON.stringify(keyFile(), null, 4)}\r\n\n`], CI],
    ['_json_key, large', () => ['_json_key', JSON.stringify({ ...keyFile(), note: 'x'.repeat(6000) })], CI],
    [
      '_json_key_base64',
      () => [
        '_json_key_base64',
        Buffer.from(JSON.stringify(keyFile()))
          .toString('base64')
          .replace(/(.{60})/g, '$1\n'),
      ],
      CI,
    ],
  ]
  it.each(cases)('%s', async (_, pair, identity) => {
    expect(await basic(...pair())).toMatchObject({ identity, scope: undefined, expired: false })
  })

  const wrong: [string, () => [string, string]][] = [
    ['a wrong password', () => ['alice', 'pass:word']],
    ['a token of another user', () => ['bob', personal]],
    ['a token under an account’s name', () => ['demo+ci', personal]],
    ['an account’s secret under a user’s name', () => ['alice', robot]],
    ['an account’s secret under another account', () => ['other+ci', robot]],
    ['a password under a token name', () => ['_token', 'pass:word:1']],
    ['a name almost of a family', () => ['_dcgcr_tokens', personal]],
    ['an unknown token', () => ['_token', `lam_${'A'.repeat(43)}`]],
    [
      'a key file of another account',
      () => ['_json_key', JSON.stringify({ ...makeKeyFile('demo', 'cd', robot) })],
    ],
    ['a key file of Google', () => ['_json_key', '{"type":"service_account","private_key":"x"}']],
    ['no JSON', () => ['_json_key', 'secret']],
    ['nested JSON bombs', () => ['_json_key', '['.repeat(15_000)]],
    ['nothing', () => ['', '']],
  ]
  it.each(wrong)('refuses %s', async (_, pair) => {
    await expect(basic(...pair())).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('other headers', () => {
  const ask = (header: string | undefined) => auth.authenticate(header, '192.0.2.1')

  it('none is anonymous', async () => {
    expect(await ask(undefined)).toEqual({
      identity: { kind: 'anonymous' },
      scope: undefined,
      expired: false,
    })
  })

  it('Bearer takes personal tokens, keys of accounts and registry tokens, in any case of the scheme', async () => {
    expect(await ask(`Bearer ${personal}`)).toMatchObject({ identity: ALICE, scope: undefined })
    expect(await ask(`bearer ${robot}`)).toMatchObject({ identity: CI })
    const token = await auth.tokens.issue({ kind: 'user', name: 'alice', administrator: false }, [])
    expect(await ask(`BEARER ${token}`)).toMatchObject({ identity: ALICE, scope: [] })
  })

  it.each([
    'Basic',
    'Basic !',
    'Basic YWxpY2U=',
    'Digest x',
    'Bearer',
    'Bearer x',
    `Bearer lam_${'A'.repeat(43)}`,
    'x',
    ' ',
  ])('%s is never anonymous', async (header) => {
    await expect(ask(header)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('without the token that its client did not get says so', async () => {
    await expect(ask('Bearer')).rejects.toMatchObject({
      message: 'the token is not valid: the header has none; get a new one from the token endpoint',
    })
  })

  it('too long is refused', async () => {
    await expect(ask(`Basic ${'A'.repeat(40_000)}`)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('none counts when authentication is off', async () => {
    const off = createAuth({
      metadata,
      enabled: false,
      settings: { createProjects: 'users' },
      secret: undefined,
    })
    expect(await off.authenticate('Basic nonsense', '')).toMatchObject({ identity: { kind: 'unchecked' } })
  })
})

describe('secrets', () => {
  it('are nowhere in the store, and in no list', async () => {
    const tables = [
      keys.users(),
      keys.credentialsOf('user:alice'),
      keys.credential(new Uint8Array(0)).subarray(0, 1),
    ]
    const all = await Promise.all(tables.map((prefix) => metadata.range({ prefix, limit: 100 })))
    const text = all
      .flat()
      .map((entry) => Buffer.concat([entry.key, entry.value]).toString('latin1'))
      .join('\n')
    for (const secret of [personal, robot, 'pass:word:1']) expect(text).not.toContain(secret)
    expect(JSON.stringify(await auth.credentials.list('user:alice'))).not.toContain(personal)
  })

  it('are listed with their last use, to the hour', async () => {
    await basic('alice', personal)
    const used = time
    time += 60_000
    await basic('alice', personal)
    expect(await auth.credentials.list('user:alice')).toMatchObject([
      { kind: 'personal', name: 'laptop', used },
    ])
  })

  it('end when they expire or are revoked', async () => {
    const expires = time + DAY
    const { secret } = await auth.credentials.create({
      kind: 'personal',
      owner: 'user:alice',
      name: 'short',
      expires,
    })
    expect(await basic('alice', secret)).toMatchObject({ identity: ALICE })
    time += DAY
    await expect(basic('alice', secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    const laptop = (await auth.credentials.list('user:alice')).find((token) => token.name === 'laptop')
    await auth.credentials.revoke('user:alice', laptop?.id ?? '')
    await expect(basic('alice', personal)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('can be revoked by their owner alone', async () => {
    const [token] = await auth.credentials.list('user:alice')
    for (const id of [token?.id ?? '', '', 'nonsense', '\0', '0123456789abcdef'])
      await expect(auth.credentials.revoke('user:bob', id)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect(await basic('alice', personal)).toMatchObject({ identity: ALICE })
  })

  it('are limited in number; refresh tokens make room for each other', async () => {
    const make = (kind: 'personal' | 'refresh') =>
      auth.credentials.create({ kind, owner: 'user:bob', name: 'x' })
    for (let index = 0; index < CREDENTIAL_LIMIT; index++) {
      time += DAY / 50
      await make('refresh')
    }
    expect(await auth.credentials.list('user:bob')).toHaveLength(CREDENTIAL_LIMIT / 2)
    for (let index = 0; index < CREDENTIAL_LIMIT; index++) await make('personal')
    await expect(make('personal')).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('are limited together, in whichever order or at once they are made: all are listed, and end with their owner', async () => {
    const make = (kind: 'personal' | 'refresh') =>
      auth.credentials.create({ kind, owner: 'user:bob', name: 'x' }).catch(() => undefined)
    const asked = [
      ...Array.from({ length: CREDENTIAL_LIMIT - 1 }, () => 'personal' as const),
      ...Array.from({ length: CREDENTIAL_LIMIT }, () => 'refresh' as const),
      ...Array.from({ length: CREDENTIAL_LIMIT }, () => 'personal' as const),
    ]
    for (const kind of asked.slice(0, CREDENTIAL_LIMIT)) await make(kind)
    const made = (await Promise.all(asked.slice(CREDENTIAL_LIMIT).map(make))).flatMap((one) => one ?? [])
    expect(await auth.credentials.list('user:bob')).toHaveLength(CREDENTIAL_LIMIT)
    await auth.users.setPassword('bob', 'another password')
    await auth.users.remove('bob')
    expect(await metadata.range({ prefix: keys.credentialsOf('user:bob'), limit: 1 })).toEqual([])
    for (const { secret } of made)
      await expect(auth.logins.withSecret(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('refresh tokens', () => {
  const make = () =>
    auth.credentials.create({
      kind: 'refresh',
      owner: 'user:alice',
      name: 'docker',
      expires: time + REFRESH_LIFE,
    })

  it('are good for the token endpoint alone', async () => {
    const { secret } = await make()
    expect(await auth.logins.withRefreshToken(secret)).toMatchObject({ identity: ALICE })
    await expect(basic('alice', secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await expect(auth.authenticate(`Bearer ${secret}`, '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await expect(auth.logins.withRefreshToken(personal)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('live 90 days from their last use', async () => {
    const { secret } = await make()
    for (let index = 0; index < 3; index++) {
      time += 89 * DAY
      expect(await auth.logins.withRefreshToken(secret)).toMatchObject({ identity: ALICE })
    }
    time += 91 * DAY
    await expect(auth.logins.withRefreshToken(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('make no room while they may be in use: a build that runs is not logged out by a hundred others', async () => {
    const first = await make()
    for (let index = 1; index < CREDENTIAL_LIMIT / 2; index++) await make()
    time += DAY - 1
    await expect(make()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await auth.logins.withRefreshToken(first.secret)).toMatchObject({ identity: ALICE })
    time += 1
    await make()
    expect(await auth.logins.withRefreshToken(first.secret)).toMatchObject({ identity: ALICE })
  })

  it('that older builds gave for a personal token end with it', async () => {
    const { secret } = await make()
    const { credential: parent } = await auth.logins.withSecret(personal)
    await transact(metadata, async (transaction) => {
      const found = await transaction.getChecked(credentialCodec, keys.credential(hashSecret(secret)))
      if (found !== undefined) transaction.set(credentialCodec, found.key, { ...found.value, parent })
    })
    const [laptop] = (await auth.credentials.list('user:alice')).filter((token) => token.name === 'laptop')
    expect(await auth.logins.withRefreshToken(secret)).toMatchObject({ identity: ALICE })
    await auth.credentials.revoke('user:alice', laptop?.id ?? '')
    await expect(auth.logins.withRefreshToken(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('end with the password, while personal tokens stay', async () => {
    const { secret } = await make()
    await auth.users.setPassword('alice', 'another password')
    await expect(auth.logins.withRefreshToken(secret)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await basic('alice', personal)).toMatchObject({ identity: ALICE })
  })
})
