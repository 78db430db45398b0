import { expect, test } from 'vitest'
import { NoExpression } from './expression-parser.ts'
import { LinearExpression } from './linear-expression.ts'

const PATHS = [
  '',
  'a',
  'etc/ssl/a.pem',
  'etc/ssl/a.pem.txt',
  'root/.ssh/id_rsa',
  'usr/lib/libssl.so.3',
  'usr/lib/libssl.so.1.1',
  'USR/LIB/X',
  'app/[id]/page.tsx',
  'aaaa',
  'abab',
  'a-b_c d\te',
  'x'.repeat(300),
]

test.each([
  'a',
  '^a$',
  '^$',
  '$',
  '^',
  '\\.pem$',
  '^etc/.*\\.pem$',
  '\\.so\\.\\d+$',
  '\\.so(\\.\\d+){2}$',
  '(^|/)id_(rsa|dsa)$',
  '(?:lib|bin)/[^/]*$',
  '[a-c]{3,4}',
  'a{2}',
  '(ab)+$',
  '^(a|aa)+$',
  'x{100}',
  '[]a]',
  '[^a-z/]',
  '[\\d.-]',
  '[a\\]]',
  '\\[id\\]',
  '\\s',
  '\\W',
  'a*?b',
  '()',
  'a||b',
  '(a|^)b',
  'b($|c)',
  '^^a$$',
  'a{,2}',
  'a{x}',
  '.$.',
])('%s finds what it finds elsewhere', (text) => {
  const own = new LinearExpression(text)
  // A `]` that comes first stands for itself in grep, and ends the set in JavaScript.
  const other = new RegExp(text.replace('[]', '[\\]'), 's')
  expect(PATHS.filter((path) => own.fits(path))).toEqual(PATHS.filter((path) => other.test(path)))
})

test('both cases are asked for', () => {
  expect(new LinearExpression('^usr/lib').fits('USR/LIB/X')).toBe(false)
  expect(new LinearExpression('(?i)^usr/[k-m]ib').fits('USR/LIB/X')).toBe(true)
  expect(new LinearExpression('(?i)[^u]').fits('uU')).toBe(false)
})

test('what is not ASCII is the bytes that it has in UTF-8', () => {
  const bytes = (text: string) => Buffer.from(text).toString('latin1')
  expect(new LinearExpression('^caf(é|e){2}$').fits(bytes('caféé'))).toBe(true)
  expect(new LinearExpression('🐘$').fits(bytes('a/🐘'))).toBe(true)
})

test.each([
  ['(', '( has no )'],
  [')', ') has no ('],
  ['[a', '[ has no ]'],
  ['[', '[ has no ]'],
  ['[b-a]', 'backwards'],
  ['[é]', 'ASCII'],
  ['*', 'nothing is before'],
  ['a{3,2}', 'backwards'],
  ['a{101}', 'no further'],
  ['\\', 'at its end'],
  ['(a)\\1', '\\1 means nothing'],
  ['\\bword', '\\b means nothing'],
  ['(?=a)', 'nothing looks around'],
  ['(a{100}){100}', 'too long'],
  ['('.repeat(60), 'deep'],
])('%s is refused with words', (text, words) => {
  expect(() => new LinearExpression(text)).toThrow(NoExpression)
  expect(() => new LinearExpression(text)).toThrow(words)
})

test('what makes other matchers go back again and again is one walk here', () => {
  const begun = performance.now()
  expect(new LinearExpression('^(a+)+$').fits(`${'a'.repeat(100_000)}b`)).toBe(false)
  expect(new LinearExpression('(x+x+)+y').fits('x'.repeat(100_000))).toBe(false)
  // The way back to what was 60 bytes before has more sets of states than are remembered.
  const noise = Array.from({ length: 5000 }, (_, index) => 'ab'[((index * 7919) % 13) & 1]).join('')
  expect(new LinearExpression('a.{60}c').fits(noise)).toBe(false)
  expect(performance.now() - begun).toBeLessThan(5000)
})

test('an expression with too many ways through too many paths is refused, and others are not', () => {
  let seed = 7
  const letter = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return 'abcdefghijklmnopqrstuvwxyz/._-0123456789'[Math.floor(seed / 65_536) % 40]
  }
  const paths = Array.from({ length: 4000 }, () => Array.from({ length: 60 }, letter).join(''))
  const all = (text: string) => {
    const own = new LinearExpression(text)
    return paths.map((path) => own.fits(path))
  }
  for (const text of ['[a-m].{95}x', '([a-m].{20}|[c-q].{30}|[e-z].{35})#'])
    expect(() => all(text)).toThrow('too many ways')
  for (const text of ['(^|/)[a-z]{1,8}\\.so(\\.\\d+)*$', '[0-9a-f]{32}', '(?i)passw(or)?d', '.{100}'])
    expect(all(text)).toHaveLength(paths.length)
})

test('what only an end or a beginning makes true is so for each text anew', () => {
  const own = new LinearExpression('$^')
  expect(['', 'a', '', 'ab', ''].map((text) => own.fits(text))).toEqual([true, false, true, false, true])
})

test('random expressions find what they find elsewhere', () => {
  let seed = 7
  const pick = <One>(of: readonly [One, ...One[]]): One => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return of[seed % of.length] ?? of[0]
  }
  const make = (depth: number): string => {
    const part = pick(['a', 'b', '.', '[ab]', '[^a]', '^', '$', 'group'] as const)
    const own =
      part === 'group' && depth > 0
        ? `(${make(depth - 1)}|${make(depth - 1)})`
        : part === 'group'
          ? 'c'
          : part
    const often = own === '^' || own === '$' ? own : `${own}${pick(['', '', '*', '+', '?', '{2}', '{1,3}'])}`
    return depth > 0 ? `${often}${make(depth - 1)}` : often
  }
  for (let round = 0; round < 2000; round += 1) {
    const text = make(3)
    const own = new LinearExpression(text)
    const other = new RegExp(text, 's')
    expect([text, SHORT.filter((path) => own.fits(path))]).toEqual([
      text,
      SHORT.filter((path) => other.test(path)),
    ])
  }
})

const SHORT = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abcab', 'cccab', 'bbbbb']
