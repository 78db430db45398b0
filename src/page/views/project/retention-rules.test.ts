import { expect, test } from 'vitest'
import { ruleOf, ruleText } from './retention-rules.ts'

test('a rule says what it takes and what it keeps', () => {
  expect(ruleText({ name: 'old', tags: 'nightly-*', keepLast: 5, keepYoungerDays: 1 })).toBe(
    'Takes tags like nightly-* in all repositories, but keeps the last 5 of each repository, those younger than 1 day, those pulled within 30 days.',
  )
  expect(ruleText({ name: 'loose', repositories: 'ci/**', keepPulledDays: 0 })).toBe(
    'Takes images without a tag in repositories like ci/**.',
  )
})

test('a form with empty fields is a rule without those parts', () => {
  const fields = new Map([
    ['name', ' old '],
    ['tags', 'v*'],
    ['keepLast', '3'],
    ['keepPulledDays', '0'],
  ])
  expect(ruleOf((name) => fields.get(name) ?? '')).toEqual({
    name: 'old',
    tags: 'v*',
    keepLast: 3,
    keepPulledDays: 0,
  })
})
