import { describe, expect, it } from 'vitest'
import { whyWeak } from './weak-passwords.ts'

describe('a password that is no secret is refused', () => {
  it.each(['        ', '11111111', '12121212', 'aAaAaAaA', 'alice.b99', 'Alice.B99'])('%s', (password) =>
    expect(whyWeak(password, 'alice.b99')).toMatch(/^it (is|has) /),
  )
})

describe('any other is taken: who runs a registry may have reasons', () => {
  it.each(['password', '12341234', 'correct horse', 'alice.b.2026', 'пароль длинный'])('%s', (password) =>
    expect(whyWeak(password, 'alice')).toBeUndefined(),
  )
})
