import { createHash } from 'node:crypto'
import { assert, constantFrom, nat, property, string, stringMatching, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  digestAlgorithm,
  digestFromBytes,
  digestHex,
  isDigestAlgorithm,
  parseDigest,
  whyNotDigest,
} from './digest.ts'

/** Any UTF-16 code unit: fast-check's own `binary` takes a second to prepare. */
const anyUnit = nat(0xffff).map((code) => String.fromCharCode(code))

const A64 = 'a'.repeat(64)
const A128 = 'a'.repeat(128)

describe('parseDigest', () => {
  it('takes sha256 and sha512 of exactly their length', () => {
    expect(parseDigest(`sha256:${A64}`)).toBe(`sha256:${A64}`)
    expect(parseDigest(`sha512:${A128}`)).toBe(`sha512:${A128}`)
  })

  const refused = [
    '',
    'sha256',
    'sha256:',
    A64,
    `:${A64}`,
    `sha256:${A64.slice(1)}`,
    `sha256:${A64}a`,
    `sha256:${A128}`,
    `sha512:${A64}`,
    `sha256:${A64.toUpperCase()}`,
    `SHA256:${A64}`,
    `sha256:${'g'.repeat(64)}`,
    `sha256:${A64.slice(1)}\n`,
    `sha256:${A64}\n`,
    ` sha256:${A64}`,
    `sha256::${A64.slice(1)}`,
    `sha256:../${A64.slice(3)}`,
    `sha384:${'a'.repeat(96)}`,
    `blake3:${A64}`,
    `md5:${'a'.repeat(32)}`,
    `constructor:${A64}`,
    `sha256+b64:${A64}`,
  ]
  it.each(refused)('refuses %j', (text) => expect(parseDigest(text)).toBeUndefined())

  it('takes every well-formed digest, and no other with one character changed', () => {
    const valid = stringMatching(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/)
    assert(property(valid, (text) => parseDigest(text) === text))
    const other = constantFrom('G', 'g', 'A', ' ', '/', '.', '%', '\0', 'é')
    assert(
      property(valid, other, (text, character) => {
        for (const at of [7, 8, text.length - 1])
          expect(parseDigest(text.slice(0, at) + character + text.slice(at + 1))).toBeUndefined()
        expect(parseDigest(text.slice(0, -1))).toBeUndefined()
        expect(parseDigest(`${text}0`)).toBeUndefined()
      }),
    )
  })

  it('takes nothing that is not of the grammar', () => {
    const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/
    assert(
      property(string({ unit: anyUnit, maxLength: 140 }), (text) => {
        expect(parseDigest(text) !== undefined).toBe(grammar.test(text))
      }),
    )
  })
})

describe('bytes of a digest', () => {
  it('goes there and back', () => {
    for (const [algorithm, length] of [['sha256', 32] as const, ['sha512', 64] as const])
      assert(
        property(uint8Array({ minLength: length, maxLength: length }), (bytes) => {
          const digest = digestFromBytes(algorithm, bytes)
          expect(digestAlgorithm(digest)).toBe(algorithm)
          expect(digestHex(digest)).toBe(Buffer.from(bytes).toString('hex'))
          expect(parseDigest(digest)).toBe(digest)
        }),
      )
  })

  it('is what node computes', () => {
    const hash = createHash('sha256').update('').digest()
    expect(digestFromBytes('sha256', hash)).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
  })

  it('refuses bytes of another length', () => {
    expect(() => digestFromBytes('sha256', new Uint8Array(31))).toThrow('31 bytes are not a sha256 hash')
    expect(() => digestFromBytes('sha512', new Uint8Array(32))).toThrow(TypeError)
    expect(() => digestFromBytes('sha256', new Uint8Array())).toThrow(TypeError)
  })
})

describe('isDigestAlgorithm', () => {
  it.each(['sha256', 'sha512'])('%s', (text) => expect(isDigestAlgorithm(text)).toBe(true))
  it.each(['', 'SHA256', 'sha384', 'toString', 'sha256 '])('not %j', (text) =>
    expect(isDigestAlgorithm(text)).toBe(false),
  )
})

describe('whyNotDigest', () => {
  it.each([
    ['latest', 'has no algorithm'],
    ['md5:abc', "algorithm 'md5' is not supported; use sha256 or sha512"],
    [`sha256:${A64.toUpperCase()}`, 'exactly 64 lower-case hex digits'],
    ['sha512:abc', 'exactly 128 lower-case hex digits'],
  ])('%s: %s', (text, part) => expect(whyNotDigest(text)).toContain(part))

  it('stays short, whatever it is given', () => {
    for (const text of ['x'.repeat(10_000), `${'x'.repeat(10_000)}:1`, `sha256:${'0'.repeat(10_000)}`])
      expect(whyNotDigest(text).length).toBeLessThan(400)
  })
})
