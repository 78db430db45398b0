import { expect, test } from 'vitest'
import { firstSteps, plainHttpAdvice } from './first-steps.ts'

const local = { listen: { host: '127.0.0.1', port: 5000 } }

test('the first start shows the password and three docker commands', () => {
  const text = firstSteps(local, 5000, 'pw')
  expect(text).toContain('pw')
  expect(text.match(/docker (login|tag|push) .*localhost:5000/g)).toHaveLength(3)
})

test('under a public address, the commands name that', () => {
  expect(firstSteps({ ...local, publicUrl: 'https://reg.example' }, 5000, 'pw')).toContain(
    'docker login reg.example -u',
  )
})

test('plain HTTP beyond this machine is advised against, unless a proxy speaks HTTPS', () => {
  const open = { listen: { host: undefined, port: 5000 } }
  expect(plainHttpAdvice(open)).toContain('lamina tls init')
  expect(plainHttpAdvice(local)).toBeUndefined()
  expect(plainHttpAdvice({ ...open, tlsCert: '/x' })).toBeUndefined()
  expect(plainHttpAdvice({ ...open, publicUrl: 'https://reg.example' })).toBeUndefined()
})
