import { expect, it } from 'vitest'
import { inTime } from './in-time.ts'

it('says what took too long, and what to do', async () => {
  const never = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await expect(inTime(1, never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(inTime(1, never)).rejects.toThrow('longer than 0.001 s')
})

it('leaves every other failure what it is', async () => {
  const failure = new Error('no bytes')
  await expect(inTime(60_000, () => Promise.reject(failure))).rejects.toBe(failure)
  expect(await inTime(60_000, () => Promise.resolve('read'))).toBe('read')
})
