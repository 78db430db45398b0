import { expect, it } from 'vitest'
import { ShortRests } from './short-rests.ts'

it('are a small part of the time, and come however short the steps are', () => {
  const rests = new ShortRests()
  const pauses: number[] = []
  for (const end = performance.now() + 200; performance.now() < end; ) {
    const begun = performance.now()
    rests.take()
    pauses.push(performance.now() - begun)
  }
  const taken = pauses.filter((milliseconds) => milliseconds >= 0.05)
  expect(taken.length).toBeGreaterThan(10)
  expect(taken.length).toBeLessThan(400)
})
