import { assert, constantFrom, property, string, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseReference, parseTag, whyNotTag } from './tag.ts'

const A64 = 'a'.repeat(64)

describe('parseTag', () => {
  it.each(['latest', 'v1.0.0', '_x', '0', 'A', 'a..b', 'a--', 'a_.', 'x'.repeat(128)])('takes %s', (text) =>
    expect(parseTag(text)).toBe(text),
  )
  it.each(['', '.a', '-a', 'a b', 'a/b', 'a:b', 'a\n', 'a\0', 'é', 'a%', 'a@b', 'a+b', 'x'.repeat(129)])(
    'refuses %j',
    (text) => expect(parseTag(text)).toBeUndefined(),
  )

  it('agrees with the specification on anything', () => {
    const spec = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
    const unit = constantFrom('a', 'Z', '0', '.', '_', '-', '/', ':', ' ', '\n')
    assert(
      property(string({ unit, maxLength: 140 }), (text) => {
        expect(parseTag(text) !== undefined).toBe(spec.test(text))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('parseReference', () => {
  it('is a digest when it has a colon, else a tag', () => {
    const digest = `sha256:${A64}`
    expect(parseReference(digest)).toEqual({ kind: 'digest', digest })
    expect(parseReference('latest')).toEqual({ kind: 'tag', tag: 'latest' })
    // 64 hex digits are a tag like any other.
    expect(parseReference(A64)).toEqual({ kind: 'tag', tag: A64 })
  })

  it.each(['', '.INVALID_MANIFEST_NAME', 'a:b', `sha256:${A64}0`, `sha384:${'a'.repeat(96)}`, ':', 'a/b'])(
    'is nothing for %j',
    (text) => expect(parseReference(text)).toBeUndefined(),
  )

  it('gives back what it was given', () => {
    assert(
      property(stringMatching(/^([a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}|sha256:[0-9a-f]{64})$/), (text) => {
        const reference = parseReference(text)
        expect(reference?.kind === 'digest' ? reference.digest : reference?.tag).toBe(text)
      }),
    )
  })
})

describe('whyNotTag', () => {
  it('shows what it was given, cut short', () => {
    expect(whyNotTag('.x')).toContain("'.x' is not a tag")
    expect(whyNotTag('x'.repeat(10_000)).length).toBeLessThan(300)
  })
})
