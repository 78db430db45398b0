import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign, decodeJwt, decodeProtectedHeader, exportJWK } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Identity } from './identity.ts'
import { createSigningKeys, KEEP_RETIRED, type SigningKey, type SigningKeys } from './signing-keys.ts'
import { createTokens, TOKEN_LIMIT, type Tokens } from './tokens.ts'

let metadata: MetadataStore
let keys: SigningKeys
let tokens: Tokens
let time = 0
const now = () => time

const alice: Identity = { kind: 'user', name: 'alice', administrator: true }
const access = [{ type: 'repository', name: 'demo/app', actions: ['pull', 'push'] }]

beforeEach(async () => {
  time = Date.UTC(2026, 10, 23)
  metadata = await openMemoryMetadataStore()
  keys = createSigningKeys({ metadata, secret: undefined, now })
  tokens = createTokens({ keys, lifeSeconds: 300, now })
})

/** A second process on the same store. */
function replica(): { keys: SigningKeys; tokens: Tokens } {
  const other = createSigningKeys({ metadata, secret: undefined, now })
  return { keys: other, tokens: createTokens({ keys: other, lifeSeconds: 300, now }) }
}

function claims(change: Readonly<Record<string, unknown>> = {}) {
  const issued = time / 1000
  return {
    iss: 'lamina',
    aud: 'lamina',
    sub: 'user:alice',
    iat: issued,
    nbf: issued,
    exp: issued + 300,
    access,
    ...change,
  }
}

function sign(
  payload: unknown,
  header: { alg: string; [name: string]: unknown },
  key: KeyObject,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(key)
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe('a token', () => {
  it('says who, for what and how long, and nothing of rank', async () => {
    const token = await tokens.issue(alice, access)
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: (await keys.current()).kid,
    })
    const { jti, ...rest } = decodeJwt(token)
    expect(jti).toMatch(/^[0-9a-f-]{36}$/)
    expect(rest).toEqual(claims())
  })

  it('gives back the caller, narrowed', async () => {
    expect(await tokens.verify(await tokens.issue(alice, access))).toEqual({
      identity: { kind: 'user', name: 'alice', administrator: false },
      scope: access,
      expired: false,
      issued: time,
    })
    expect(await tokens.verify(await tokens.issue({ kind: 'anonymous' }, []))).toMatchObject({
      identity: { kind: 'anonymous' },
      scope: [],
    })
  })

  it('is valid on another replica that has not read its key yet', async () => {
    const other = replica()
    await other.tokens.issue(alice, [])
    time += 1_000
    await keys.rotate()
    const token = await tokens.issue(alice, access)
    time += 1_000
    expect(await other.tokens.verify(token)).toMatchObject({ expired: false })
  })

  it('expires, also when it was verified before', async () => {
    const token = await tokens.issue(alice, access)
    expect(await tokens.verify(token)).toMatchObject({ expired: false })
    time += 299_999
    expect(await tokens.verify(token)).toMatchObject({ expired: false })
    time += 1
    expect(await tokens.verify(token)).toMatchObject({ expired: true, scope: access })
  })
})

describe('attacks', () => {
  let key: SigningKey
  const header = () => ({ alg: 'ES256', typ: 'JWT', kid: key.kid })
  beforeEach(async () => {
    key = await keys.current()
  })
  const refused = async (token: string) => expect(await tokens.verify(token)).toHaveProperty('invalid')

  it('the forge of these tests makes good tokens', async () => {
    expect(await tokens.verify(await sign(claims(), header(), key.privateKey))).toMatchObject({
      expired: false,
    })
  })

  it('alg none', async () => {
    for (const alg of ['none', 'None', ''])
      for (const signature of ['', 'A'.repeat(86)])
        await refused(`${part({ ...header(), alg })}.${part(claims())}.${signature}`)
  })

  it('HS256 with the public key as secret', async () => {
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' })
    const der = key.publicKey.export({ type: 'spki', format: 'der' })
    for (const secret of [pem, der]) {
      const input = `${part({ ...header(), alg: 'HS256' })}.${part(claims())}`
      await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
      const disguised = `${part(header())}.${part(claims())}`
      await refused(`${disguised}.${createHmac('sha512', secret).update(disguised).digest('base64url')}`)
    }
  })

  it('a key of their own under our kid, inside or behind an address', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = await exportJWK(publicKey)
    const tricks = [
      {},
      { jwk },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/' },
      { x5c: ['MIIB'] },
    ]
    for (const trick of tricks) await refused(await sign(claims(), { ...header(), ...trick }, privateKey))
  })

  it('header fields that we never write, even well signed', async () => {
    const tricks = [
      { jwk: await exportJWK(key.publicKey) },
      { jku: 'https://us.example/' },
      { cty: 'JWT' },
      { typ: 'at+jwt' },
      { b64: true },
    ]
    for (const trick of tricks) await refused(await sign(claims(), { ...header(), ...trick }, key.privateKey))
    await refused(`${part({ ...header(), crit: ['exp'], exp: 1 })}.${part(claims())}.${'A'.repeat(86)}`)
  })

  it('a kid of someone else, of a path, of nothing', async () => {
    for (const kid of ['', '../../etc/passwd', 'other', '00000001', "' OR 1=1"])
      await refused(await sign(claims(), { ...header(), kid }, key.privateKey))
    await refused(await sign(claims(), { alg: 'ES256', typ: 'JWT' }, key.privateKey))
  })

  it('doubled members of the header', async () => {
    const [, payload, signature] = (await tokens.issue(alice, access)).split('.')
    const doubled = Buffer.from(`{"alg":"none","alg":"ES256","typ":"JWT","kid":"${key.kid}"}`).toString(
      'base64url',
    )
    await refused(`${doubled}.${payload}.${signature}`)
  })

  it('another issuer, audience, subject, form of claims', async () => {
    const changes = [
      { iss: 'evil' },
      { aud: 'other' },
      { aud: ['lamina', 'other'] },
      { sub: 7 },
      { sub: 'root' },
      { sub: 'user:a/b' },
      { exp: '9999999999' },
      { exp: undefined },
      { nbf: time / 1000 + 3600 },
      { access: 'all' },
      { access: undefined },
    ]
    for (const change of changes) await refused(await sign(claims(change), header(), key.privateKey))
    await refused(await sign([], header(), key.privateKey))
  })

  it('changed bytes, cut, padded, too many parts', async () => {
    const token = await tokens.issue(alice, access)
    const [head, , signature] = token.split('.')
    await refused(`${head}.${part(claims({ sub: 'user:root' }))}.${signature}`)
    for (const changed of [
      token.slice(0, -1),
      `${token}=`,
      `${token}.x`,
      ` ${token}`,
      `${token}\n`,
      '',
      '..',
      'a.b.c',
    ])
      await refused(changed)
    await refused('.'.repeat(TOKEN_LIMIT))
  })

  it('more than 16 KiB, without a look inside', async () => {
    const big = await sign(claims({ pad: 'x'.repeat(TOKEN_LIMIT) }), header(), key.privateKey)
    expect(await tokens.verify(big)).toEqual({ invalid: `it is longer than ${TOKEN_LIMIT} characters` })
  })

  it('a flood of unknown kids does not become a flood of reads', async () => {
    let reads = 0
    const counting = createSigningKeys({
      metadata: {
        ...replicaStore(),
        range: (query) => {
          reads++
          return metadata.range(query)
        },
      },
      secret: undefined,
      now,
    })
    const victim = createTokens({ keys: counting, lifeSeconds: 300, now })
    const unknown = Array.from(
      { length: 200 },
      (_, index) => `${part({ ...header(), kid: String(index) })}.${part(claims())}.${'A'.repeat(86)}`,
    )
    await Promise.all(unknown.map((token) => victim.verify(token)))
    // The first one, and one that began after all of them had asked.
    expect(reads).toBe(2)
  })
})

function replicaStore(): MetadataStore {
  return {
    read: (wanted) => metadata.read(wanted),
    range: (query) => metadata.range(query),
    commit: (commit) => metadata.commit(commit),
    snapshot: () => metadata.snapshot(),
    close: () => metadata.close(),
  }
}

describe('rotation', () => {
  it('keeps tokens of the old key valid, and good for running uploads a week longer', async () => {
    const token = await tokens.issue(alice, access)
    await keys.rotate()
    const fresh = replica()
    expect(await fresh.tokens.verify(token)).toMatchObject({ expired: false })
    time += KEEP_RETIRED - 1
    expect(await replica().tokens.verify(token)).toMatchObject({ expired: true })
    time += 1
    expect(await replica().tokens.verify(token)).toHaveProperty('invalid')
  })

  it('signs with the new key at once', async () => {
    const before = (await keys.current()).kid
    const after = await keys.rotate()
    expect(after).not.toBe(before)
    expect(decodeProtectedHeader(await tokens.issue(alice, [])).kid).toBe(after)
  })

  it('leaves a stolen old key nothing but a short time', async () => {
    const old = await keys.current()
    await keys.rotate()
    const forged = () =>
      sign(
        claims({ exp: time / 1000 + 1_000_000 }),
        { alg: 'ES256', typ: 'JWT', kid: old.kid },
        old.privateKey,
      )
    time += 361_000
    expect(await replica().tokens.verify(await forged())).toMatchObject({ expired: true })
  })

  it('with revoke ends every older token at once', async () => {
    const token = await tokens.issue(alice, access)
    expect(await tokens.verify(token)).toMatchObject({ expired: false })
    await keys.rotate({ revoke: true })
    expect(await tokens.verify(token)).toHaveProperty('invalid')
    expect(await keys.published()).toHaveLength(1)
  })
})
