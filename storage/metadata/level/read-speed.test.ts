import { expect, it } from 'vitest'
import { ReadSpeed } from './read-speed.ts'

/** A clock that moves only when told to. */
function createClock() {
  let now = 0
  return { now: () => now, pass: (ms: number) => (now += ms) }
}

it('stays synchronous while reads are quick', () => {
  const clock = createClock()
  const speed = new ReadSpeed(clock.now)
  for (let turn = 0; turn < 1000; turn += 1) speed.measure(1, () => clock.pass(0.005))
  expect(speed.isFast).toBe(true)
})

it('forgives one slow read among many', () => {
  const clock = createClock()
  const speed = new ReadSpeed(clock.now)
  speed.measure(1, () => clock.pass(8))
  for (let turn = 0; turn < 50; turn += 1) speed.measure(1, () => clock.pass(0.005))
  speed.measure(1, () => clock.pass(8))
  expect(speed.isFast).toBe(true)
})

it('rests for a second once reads take over a millisecond, then tries again', () => {
  const clock = createClock()
  const speed = new ReadSpeed(clock.now)
  for (let turn = 0; turn < 20 && speed.isFast; turn += 1) speed.measure(1, () => clock.pass(4))
  expect(speed.isFast).toBe(false)
  clock.pass(999)
  expect(speed.isFast).toBe(false)
  clock.pass(1)
  expect(speed.isFast).toBe(true)
})

it('counts by key: many keys may take longer', () => {
  const clock = createClock()
  const speed = new ReadSpeed(clock.now)
  for (let turn = 0; turn < 100; turn += 1) speed.measure(50, () => clock.pass(5))
  expect(speed.isFast).toBe(true)
})
