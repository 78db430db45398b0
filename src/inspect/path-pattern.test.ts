import { expect, test } from 'vitest'
import { pathPattern } from './path-pattern.ts'

test.each([
  ['etc/shadow', 'etc/shadow', true],
  ['etc/shadow', 'etc/shadow-', false],
  ['*.pem', 'etc/ssl/a.pem', true],
  ['*.pem', 'etc/ssl/a.pem.txt', false],
  ['root/*', 'root/.ssh/id_rsa', true],
  ['*/.git/*', 'app/.git/config', true],
  ['*/.git/*', 'app/.github/config', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*a*b*', 'xxbaxx', false],
  ['.*', 'x', false],
  ['*é', Buffer.from('café').toString('latin1'), true],
])('%s and %s: %s', (pattern, path, fits) => {
  expect(pathPattern(pattern)(path)).toBe(fits)
})

test('what makes other matchers go back again and again is one walk here', () => {
  expect(pathPattern(`${'*a'.repeat(2000)}b`)('a'.repeat(100_000))).toBe(false)
})
