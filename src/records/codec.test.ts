import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { digestFromBytes } from '../oci/digest.ts'
import { parseName } from '../oci/name.ts'
import { accountCodec } from './account.ts'
import { aliasCodec, blobCodec, contentCodec, linkCodec } from './blob.ts'
import { type Codec, recordCodec } from './codec.ts'
import { credentialCodec, credentialOfCodec } from './credential.ts'
import { loginFailuresCodec } from './login-failures.ts'
import { failureCodec, leaseCodec } from './maintenance.ts'
import { bodyCodec, edgeCodec, manifestCodec, referrerCodec } from './manifest.ts'
import { policyCodec } from './policy.ts'
import { memberCodec, projectCodec, publicCodec, repositoryCodec } from './project.ts'
import { graveCodec, keepCodec, pulledCodec, reviewCodec, trashCodec, usageCodec } from './review.ts'
import { readOnlyCodec } from './runtime.ts'
import { sessionCodec } from './session.ts'
import { signingKeyCodec } from './signing-key.ts'
import { tagCodec, taggedCodec, tagLogCodec } from './tag.ts'
import { uploadCodec } from './upload.ts'
import { isUserName, userCodec } from './user.ts'

const digest = digestFromBytes('sha256', new Uint8Array(32).fill(7))
const long = digestFromBytes('sha512', new Uint8Array(64).fill(7))
const name = parseName('team/app') ?? fail()
const at = 1_800_000_000_000

function fail(): never {
  throw new Error('not a name')
}

/** A codec that forgot its type, with values for it. */
interface Row {
  readonly name: string
  readonly encoded: Uint8Array
  readonly again: () => unknown
  readonly value: unknown
  readonly decode: (bytes: Uint8Array) => unknown
}

function row<Value>(title: string, codec: Codec<Value>, value: NoInfer<Value>): Row {
  const encoded = codec.encode(value)
  return {
    name: title,
    encoded,
    value,
    again: () => codec.decode(encoded),
    decode: (bytes) => codec.decode(bytes),
  }
}

const upload = {
  name,
  repo: '0123456789abcdef',
  account: 'user:alice',
  offset: 5,
  state: { id: 'x', part: 3 },
  prefix: digest,
  created: at,
  expires: at,
}
const key = { kid: 'k', created: at, public: { kty: 'EC' as const, crv: 'P-256' as const, x: 'x', y: 'y' } }

const rows: Row[] = [
  row('account', accountCodec, { role: 'writer', created: at, createdBy: 'user:a', expires: at }),
  row('read-only', readOnlyCodec, { readOnly: true, reason: 'moving' }),
  row('blob', blobCodec, { size: 1, location: 'memory/x', created: at }),
  row('blob, quarantined', blobCodec, { size: 0, location: '', created: 0, verified: at, quarantined: at }),
  row('alias', aliasCodec, { sha256: digest }),
  row('link', linkCodec, { sha256: digest, confirmed: at }),
  row('content', contentCodec, { size: Number.MAX_SAFE_INTEGER }),
  row('trash', trashCodec, { at }),
  row('review', reviewCodec, { name }),
  row('review of a rule', reviewCodec, { name, policy: 'old' }),
  row('grave', graveCodec, { at, by: 'user:alice', until: at, tags: ['v1'], policy: 'old' }),
  row('keep', keepCodec, { at, by: 'user:alice' }),
  row('pulled', pulledCodec, { at }),
  row('usage', usageCodec, { bytes: -5 }),
  row('policy', policyCodec, {
    quotaBytes: 5,
    immutableTags: ['v*'],
    refuseDangling: true,
    retention: [{ name: 'old', tags: '*', keepLast: 5 }],
  }),
  row('lease', leaseCodec, { holder: 'one', until: at }),
  row('failure', failureCodec, { attempts: 1, first: at, last: at, next: at, message: 'EIO' }),
  row('credential', credentialCodec, {
    id: 'i',
    kind: 'personal',
    owner: 'user:a',
    name: 'ci',
    created: at,
    parent: 'ab',
  }),
  row('credential-of', credentialOfCodec, { hash: 'a'.repeat(64), kind: 'refresh' }),
  row('manifest', manifestCodec, {
    mediaType: 'a/b',
    size: 1,
    artifactType: 'c/d',
    subject: long,
    config: digest,
    children: [digest, long],
    created: at,
    by: 'user:a',
    confirmed: at,
  }),
  row('edge', edgeCodec, {}),
  row('referrer', referrerCodec, { mediaType: 'a/b', size: 1, digest, annotations: { a: 'é"\\' } }),
  row('login-failures', loginFailuresCodec, { tries: -1.5, at }),
  row('project', projectCodec, { public: true, created: at, createdBy: '' }),
  row('member', memberCodec, { role: 'admin', since: at }),
  row('public', publicCodec, {}),
  row('repository', repositoryCodec, { id: '0123456789abcdef', created: at }),
  row('signing key', signingKeyCodec, { ...key, private: { kind: 'plain', d: 'd' } }),
  row('signing key, sealed', signingKeyCodec, {
    ...key,
    retired: at,
    private: { kind: 'sealed', iv: 'i', tag: 't', data: 'd' },
  }),
  row('session', sessionCodec, {
    hash: 'a'.repeat(64),
    created: at,
    expires: at,
    agent: 'Firefox',
    parent: 'b'.repeat(64),
  }),
  row('tag', tagCodec, { digest: long, at, by: 'user:a' }),
  row('tagged', taggedCodec, {}),
  row('tag-log', tagLogCodec, { digest, at, by: '' }),
  row('tag-log of a delete', tagLogCodec, { at, by: '' }),
  row('upload', uploadCodec, upload),
  row('upload, done', uploadCodec, { ...upload, algorithm: 'sha512', done: long }),
  row('user', userCodec, { password: '$argon2id$', administrator: false, created: at, disabled: true }),
]

describe.each(rows)('$name', ({ encoded, value, again, decode }) => {
  const json = () => Buffer.from(encoded.subarray(1)).toString()

  it('comes back as it was written', () => {
    expect(again()).toEqual(value)
    const inside = Buffer.concat([Buffer.from('before'), encoded, Buffer.from('after')])
    expect(decode(inside.subarray(6, 6 + encoded.length))).toEqual(value)
  })

  it('ignores fields of a later version', () => {
    const more = json().replace(/\}$/, `${json() === '{}' ? '' : ','}"later":{"x":[1]}}`)
    expect(decode(Buffer.concat([encoded.subarray(0, 1), Buffer.from(more)]))).toEqual(value)
  })

  it('refuses another format', () => {
    expect(encoded[0]).toBe(1)
    for (const format of [0, 2, 0x7b, 255])
      expect(() => decode(Buffer.concat([Uint8Array.of(format), encoded.subarray(1)]))).toThrow(
        `has format ${format}`,
      )
  })

  it('refuses what is damaged, always in the same way', () => {
    expect(() => decode(new Uint8Array())).toThrow(TypeError)
    for (const text of ['', '{', 'null', '[]', '5', '"x"', json().slice(0, -1), `${json()}}`])
      expect(() => decode(Buffer.concat([Uint8Array.of(1), Buffer.from(text)]))).toThrow(TypeError)
  })
})

describe('fields', () => {
  const written = (value: unknown) => Buffer.concat([Uint8Array.of(1), Buffer.from(JSON.stringify(value))])

  it.each([
    ['a digest that is none', { sha256: 'sha256:abc' }],
    ['a missing field', {}],
    ['a field of another type', { sha256: 1 }],
  ])('refuses %s', (_, value) =>
    expect(() => aliasCodec.decode(written(value))).toThrow('damaged alias record'),
  )

  it('refuses sizes and dates that are none', () => {
    for (const size of [-1, 1.5, '1', null, 1e30])
      expect(() => contentCodec.decode(written({ size }))).toThrow(TypeError)
    for (const date of [-1, 0.5, '2026'])
      expect(() => trashCodec.decode(written({ at: date }))).toThrow(TypeError)
  })

  it('refuses names, roles and ids that are none', () => {
    expect(() => uploadCodec.decode(written({ ...upload, name: 'Bad' }))).toThrow(TypeError)
    expect(() => memberCodec.decode(written({ role: 'owner', since: at }))).toThrow(TypeError)
    expect(() => repositoryCodec.decode(written({ id: '1', created: at }))).toThrow(TypeError)
  })

  it('names the record and keeps the reason', () => {
    const codec = recordCodec('thing', 3, z.object({ a: z.string() }))
    expect(codec.encode({ a: 'x' })[0]).toBe(3)
    expect(() => codec.decode(Uint8Array.of(1, 0x7b, 0x7d))).toThrow(
      'thing record has format 1; this version reads 3',
    )
    expect(() => codec.decode(Uint8Array.of(3, 0x7b, 0x7d))).toThrow('damaged thing record')
  })
})

describe('bodyCodec', () => {
  it('holds any bytes, or says where they are', () => {
    assert(
      property(uint8Array(), (bytes) => {
        const body = bodyCodec.decode(bodyCodec.encode({ kind: 'inline', bytes }))
        expect(body.kind === 'inline' && Buffer.from(body.bytes).equals(bytes)).toBe(true)
      }),
    )
    expect(bodyCodec.decode(bodyCodec.encode({ kind: 'blob' }))).toEqual({ kind: 'blob' })
  })

  it('refuses another format', () => {
    expect(() => bodyCodec.decode(Uint8Array.of(3))).toThrow('has format 3')
    expect(() => bodyCodec.decode(new Uint8Array())).toThrow(TypeError)
  })
})

describe('isUserName', () => {
  it.each(['a', 'alice', 'alice.b', 'a@b.c', 'a--b', '0', 'x'.repeat(64)])('takes %s', (text) =>
    expect(isUserName(text)).toBe(true),
  )
  it.each(['', 'A', '_json_key', 'a:b', 'a+b', 'a/b', '.a', 'a.', 'a b', 'a\n', 'x'.repeat(65)])(
    'refuses %j',
    (text) => expect(isUserName(text)).toBe(false),
  )
})
