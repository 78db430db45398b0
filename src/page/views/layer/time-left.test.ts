import { expect, test } from 'vitest'
import { leftText, secondsLeft } from './time-left.ts'

test('the rest takes as long as what was watched did', () => {
  const first = { at: 1000, read: 100 }
  expect(secondsLeft(first, { at: 5000, read: 300 }, 1000)).toBe(14)
  expect(secondsLeft(first, { at: 5000, read: 1000 }, 1000)).toBe(0)
  // What is read may be told a little late.
  expect(secondsLeft(first, { at: 5000, read: 1200 }, 1000)).toBe(0)
})

test('without a speed nothing is said', () => {
  const first = { at: 1000, read: 100 }
  expect(secondsLeft(first, first, 1000)).toBeUndefined()
  expect(secondsLeft(first, { at: 2000, read: 900 }, 1000)).toBeUndefined()
  expect(secondsLeft(first, { at: 9000, read: 100 }, 1000)).toBeUndefined()
  // Read anew, from its start, by another replica.
  expect(secondsLeft(first, { at: 9000, read: 50 }, 1000)).toBeUndefined()
})

test.each([
  [0, 'a few seconds left'],
  [5, 'about 5 seconds left'],
  [41, 'about 45 seconds left'],
  [56, 'about a minute left'],
  [150, 'about 3 minutes left'],
])('%i seconds are %s', (seconds, text) => {
  expect(leftText(seconds)).toBe(text)
})
