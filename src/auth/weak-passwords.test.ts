import { describe, expect, it } from 'vitest'
import { whyWeak } from './weak-passwords.ts'

describe('a password that others try first is refused', () => {
  it.each([
    '        ',
    '11111111',
    'aaaabbbb',
    '12345678',
    '87654321',
    'qwertyuiop',
    'zyxwvuts',
    'Password',
    'password123!',
    '2026Welcome',
    'passw0rd',
    'admin12345',
    'Harbor12345',
    'changeme!',
    'alice.b.2026',
    'Alice.B!',
    'alice.b99',
  ])('%s', (password) => expect(whyWeak(password, 'alice.b')).toMatch(/^it (is|has) /))
})

describe('one that merely holds such a word is not', () => {
  it.each([
    'password of alice',
    'correct horse',
    'long enough',
    'alicebob',
    '31415926535',
    'admin-password',
    'qwertyuio1',
    'пароль длинный',
  ])('%s', (password) => expect(whyWeak(password, 'alice')).toBeUndefined())
})
