import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { at, fieldsOf, listAt, textAt } from './support/json.ts'
import { bearer, challengeOf, claimsOf, fetchToken, headerOf } from './support/login.ts'
import { head, RawConnection } from './support/raw.ts'
import { useServer } from './support/server.ts'
import { makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'

/**
 * lessons §3b (CVE-2025-24976): "tokens with jwk, jku, x5c, x5u, crit, alg none, HS256 signed with the public key,
 * kid traversal, kid of other tenant, duplicate header: all 401; verify never reads keys from a token".
 */
const lamina = useServer(WORLD_SETTINGS)
const other = useServer(WORLD_SETTINGS)
const client = () => lamina.now.client
const URL = '/v2/alpha/app/manifests/v1'

/** A token that is accepted, taken apart, with the public half of its key and a key of the attacker. */
interface Good {
  readonly token: string
  readonly header: object
  readonly claims: object
  readonly key: KeyObject
}

let world: World
let good: Good
const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

beforeAll(async () => {
  world = await makeWorld(lamina.now)
  await makeWorld(other.now)
  const token = await fetchToken(world.owner, 'repository:alpha/app:pull')
  const jwk = listAt((await client().get('/.well-known/jwks.json')).json, 'keys').find(
    (key) => at(key, 'kid') === at(headerOf(token), 'kid'),
  )
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: textAt(jwk, 'x'), y: textAt(jwk, 'y') },
  })
  good = { token, header: fieldsOf(headerOf(token)), claims: fieldsOf(claimsOf(token)), key }
})

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const unsigned = (header: object, claims: object) => `${encode(header)}.${encode(claims)}`

/** Signed ES256 with the attacker's key. */
function signed(header: object, claims: object = good.claims): string {
  const body = unsigned(header, claims)
  const signature = sign('sha256', Buffer.from(body), { key: mine.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${body}.${signature.toString('base64url')}`
}

function hmac(secret: string | Buffer, header: object = { ...good.header, alg: 'HS256' }): string {
  const body = unsigned(header, good.claims)
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

const split = () => {
  const [header = '', claims = '', signature = ''] = good.token.split('.')
  return { header, claims, signature }
}
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' })

const FORGED: readonly (readonly [string, () => string])[] = [
  ['alg none without a signature', () => `${unsigned({ ...good.header, alg: 'none' }, good.claims)}.`],
  [
    'alg None with the old signature',
    () => `${unsigned({ ...good.header, alg: 'None' }, good.claims)}.${split().signature}`,
  ],
  ['alg none, two parts', () => unsigned({ alg: 'none' }, good.claims)],
  ['alg missing', () => `${unsigned({ ...good.header, alg: undefined }, good.claims)}.${split().signature}`],
  ['HS256 with the public key as PEM', () => hmac(good.key.export({ type: 'spki', format: 'pem' }))],
  ['HS256 with the public key as DER', () => hmac(good.key.export({ type: 'spki', format: 'der' }))],
  ['HS256 with the public key as JWK', () => hmac(JSON.stringify(jwkOf(good.key)))],
  ['HS256 with an empty secret', () => hmac('')],
  ['a foreign key under the real kid', () => signed(good.header)],
  ['a foreign key under no kid', () => signed({ ...good.header, kid: undefined })],
  [
    'a foreign key in the jwk header, under the real kid',
    () => signed({ ...good.header, jwk: jwkOf(mine.publicKey) }),
  ],
  [
    'a foreign key in the jwk header alone',
    () => signed({ alg: 'ES256', typ: 'JWT', jwk: jwkOf(mine.publicKey) }),
  ],
  ['the key at a jku', () => signed({ ...good.header, jku: `${other.now.url}/.well-known/jwks.json` })],
  [
    'a certificate in x5c',
    () =>
      signed({
        ...good.header,
        x5c: [mine.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
      }),
  ],
  ['a certificate at x5u', () => signed({ ...good.header, x5u: 'http://127.0.0.1:1/cert' })],
  ['crit', () => signed({ ...good.header, crit: ['exp'] })],
  [
    'the real signature under crit',
    () => `${unsigned({ ...good.header, crit: ['b64'], b64: false }, good.claims)}.${split().signature}`,
  ],
  ...[
    '../../../dev/null',
    '/dev/null',
    '',
    'none',
    '\u0000',
    "' or 1=1 --",
    '__proto__',
    'x'.repeat(2000),
  ].map((kid): readonly [string, () => string] => [
    `kid ${JSON.stringify(kid).slice(0, 30)}`,
    () => signed({ ...good.header, kid }),
  ]),
  ['kid as an object', () => signed({ ...good.header, kid: { toString: 'x' } })],
  [
    'RS256 with a foreign RSA key',
    () => {
      const body = unsigned({ ...good.header, alg: 'RS256', jwk: jwkOf(rsa.publicKey) }, good.claims)
      return `${body}.${sign('sha256', Buffer.from(body), rsa.privateKey).toString('base64url')}`
    },
  ],
  [
    'claims changed',
    () => `${split().header}.${encode({ ...good.claims, sub: 'admin' })}.${split().signature}`,
  ],
  [
    'more access, signature kept',
    () =>
      `${split().header}.${encode({ ...good.claims, access: [{ type: 'repository', name: 'alpha/app', actions: ['*'] }] })}.${split().signature}`,
  ],
  [
    'a later exp, signature kept',
    () => `${split().header}.${encode({ ...good.claims, exp: 9_999_999_999 })}.${split().signature}`,
  ],
  ['the signature cut', () => good.token.slice(0, -10)],
  ['no signature', () => `${split().header}.${split().claims}.`],
  [
    'a signature of zeros (CVE-2022-21449)',
    () => `${split().header}.${split().claims}.${Buffer.alloc(64).toString('base64url')}`,
  ],
  [
    'a signature in DER',
    () => {
      const body = `${split().header}.${split().claims}`
      return `${body}.${sign('sha256', Buffer.from(body), mine.privateKey).toString('base64url')}`
    },
  ],
  ['two parts', () => `${split().header}.${split().claims}`],
  ['four parts', () => `${good.token}.x`],
  [
    'five parts, as a JWE',
    () =>
      `${encode({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..${encode('iv')}.${encode('text')}.${encode('tag')}`,
  ],
  ['20,000 dots', () => '.'.repeat(20_000)],
  ['a header that is no JSON', () => `${encode('{')}.${split().claims}.${split().signature}`],
  ['a header that is null', () => `${encode('null')}.${split().claims}.${split().signature}`],
  ['claims that are a list', () => `${split().header}.${encode('[]')}.${split().signature}`],
  ['padding in base64', () => `${split().header}=.${split().claims}==.${split().signature}`],
  ['a token of 20 KiB', () => signed(good.header, { ...good.claims, pad: 'p'.repeat(15_000) })],
]

describe('a forged token is 401 invalid_token', () => {
  test('while the real one is good', async () => {
    check(await client().as(bearer(good.token)).get(URL), { status: 200 })
  })

  test.each(FORGED)('%s', async (_name, forge) => {
    for (const path of [URL, '/v2/']) {
      const reply = await client().as(bearer(forge())).get(path)
      check(reply, { status: 401, code: 'UNAUTHORIZED' })
      expect(challengeOf(reply).parameters['error']).toBe('invalid_token')
    }
  })

  // "kid of other tenant": the same issuer, audience and user, signed by another server's key.
  test("another server's token", async () => {
    const scope = 'repository:alpha/app:pull'
    const foreign = await fetchToken(other.now.admin, scope)
    check(await other.now.client.as(bearer(foreign)).get(URL), { status: 200 })
    const reply = await client().as(bearer(foreign)).get(URL)
    check(reply, { status: 401, code: 'UNAUTHORIZED' })
    expect(challengeOf(reply).parameters['error']).toBe('invalid_token')
  })

  test('a token of 100 KiB is 401 too', async () => {
    const token = signed(good.header, { ...good.claims, pad: 'p'.repeat(75_000) })
    check(await client().as(bearer(token)).get(URL), { status: 401, code: 'UNAUTHORIZED' })
  })

  test('a token in the query, or in a cookie, is none', async () => {
    check(await client().get(`${URL}?access_token=${good.token}&token=${good.token}`), { status: 401 })
    check(await client().get(URL, { cookie: `token=${good.token}; Authorization=Bearer ${good.token}` }), {
      status: 401,
    })
  })
})

describe('two Authorization headers', () => {
  // RFC 9110 5.3: a field that is no list must not be sent twice; which one counts must not depend on luck.
  test.each([
    ['good then bad', () => [bearer(good.token), 'Bearer bad']],
    ['bad then good', () => ['Bearer bad', bearer(good.token)]],
  ])('%s: the answer is that of one of them, or 400', async (_name, values) => {
    const connection = await RawConnection.open(lamina.now.url)
    const [first = '', second = ''] = values()
    connection.write(
      head(
        `GET ${URL} HTTP/1.1`,
        'Host: x',
        `Authorization: ${first}`,
        `Authorization: ${second}`,
        'Connection: close',
      ),
    )
    const reply = await connection.reply()
    connection.destroy()
    // Node takes the first line: then the answer is that of the first.
    expect(first === 'Bearer bad' ? [400, 401] : [200, 400, 401]).toContain(reply.status)
  })
})
