import { expect, it } from 'vitest'
import { Throttle } from './throttle.ts'

it('lets no more bytes pass in a second than it should', async () => {
  const throttle = new Throttle(1000, new AbortController().signal)
  const begun = performance.now()
  for (let at = 0; at < 10; at++) await throttle.pass(50)
  expect(performance.now() - begun).toBeGreaterThan(380)
})

it('holds up nobody who was told to stop', async () => {
  const stop = new AbortController()
  const throttle = new Throttle(1, stop.signal)
  const passing = throttle.pass(1_000_000)
  stop.abort()
  await passing
})
