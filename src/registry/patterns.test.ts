import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesPattern } from './patterns.ts'

const TEXTS = ['a', 'b', 'ab', 'abc', 'a.b', '.a', 'a/b', 'a/b/c', 'a/x/b', 'a/x/y/b', 'a/xb', 'a-1', 'a-12']

describe('a pattern', () => {
  it.each([
    ['a', 'a'],
    ['*', 'a b ab abc a.b .a a-1 a-12'],
    ['a*', 'a ab abc a.b a-1 a-12'],
    ['*b', 'b ab a.b'],
    ['a?', 'ab'],
    ['?', 'a b'],
    ['a-?', 'a-1'],
    ['*/b', 'a/b'],
    ['a/*', 'a/b a/xb'],
    ['**', TEXTS.join(' ')],
    ['a/**', 'a/b a/b/c a/x/b a/x/y/b a/xb'],
    ['**/b', 'b a/b a/x/b a/x/y/b'],
    ['a/**/b', 'a/b a/x/b a/x/y/b'],
    ['**/x/**', 'a/x/b a/x/y/b'],
    ['a**', 'a ab abc a.b a-1 a-12'],
    ['a/**b', 'a/b a/xb'],
    ['a/***', 'a/b a/xb'],
    ['[ab]', 'a b'],
    ['[a-b]', 'a b'],
    ['[!a]', 'b'],
    ['[^a]', 'b'],
    ['a[!x]b', 'a.b'],
    ['a-[0-9]', 'a-1'],
    ['a[.-]*', 'a.b a-1 a-12'],
    ['{a,b}', 'a b'],
    ['a{,b}', 'a ab'],
    ['a{b,/b}{,c,/c}', 'ab abc a/b a/b/c'],
    ['{a,{b,ab}}', 'a b ab'],
    ['{a/**,b}', 'b a/b a/b/c a/x/b a/x/y/b a/xb'],
    ['a-{1,12}', 'a-1 a-12'],
    ['\\a', 'a'],
    ['a\\*', ''],
    ['', ''],
    // What is not closed, or has one alternative, stands for itself.
    ['{a}', ''],
    ['{a', ''],
    ['[a', ''],
    ['a]', ''],
  ])('%s', (pattern, matching) => {
    expect(TEXTS.filter((text) => matchesPattern(pattern, text)).join(' ')).toBe(matching)
  })

  it('stands for itself where its parts are not closed, or escaped', () => {
    for (const text of ['{a', '[a', '{a}', 'a]', 'a}', '{a,{b}', 'a,b', '[]', '[!]'])
      expect(matchesPattern(text, text)).toBe(true)
    expect(matchesPattern('\\[a\\]\\{b,c\\}\\*\\?\\\\', '[a]{b,c}*?\\')).toBe(true)
    expect(matchesPattern('[]a]', ']')).toBe(true)
    expect(matchesPattern('[{,}]{a,[},]}', ',}')).toBe(true)
  })

  it.each([
    `${'*a'.repeat(63)}b`,
    `${'{a,aa}'.repeat(20)}b`,
    `${'[a-z]*'.repeat(20)}!`,
    '{'.repeat(128),
    '{a,'.repeat(40),
    `${'{a,'.repeat(32)}${'}'.repeat(32)}b`,
    `${'**/'.repeat(42)}b`,
  ])('takes no time that grows faster than its length: %s', (pattern) => {
    const text = 'a'.repeat(128)
    // As a regular expression each of the first three takes minutes.
    expect(matchesPattern(pattern, text)).toBe(false)
    expect(matchesPattern(pattern, 'a/'.repeat(120))).toBe(false)
  })

  it('with stars and questions says what a regular expression says', () => {
    const signs = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.'), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 })
    fc.assert(
      fc.property(signs, text, (pattern, name) => {
        fc.pre(!pattern.includes('**'))
        const escaped = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]')
        expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${escaped}$`).test(name))
      }),
    )
  })

  it('with alternatives says what its alternatives say', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    fc.assert(
      fc.property(piece, piece, piece, text, (before, one, other, name) => {
        const either = [one, other].some((middle) => matchesPattern(`${before}${middle}`, name))
        expect(matchesPattern(`${before}{${one},${other}}`, name)).toBe(either)
      }),
    )
  })
})
