import { afterEach, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { Retry } from './retry.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

it('gives up after its time, also when the clock is set back meanwhile', async () => {
  const before = Date.now()
  let tries = 0
  const away = new Retry(200).run(() => {
    tries += 1
    if (tries > 20) return Promise.resolve('much later')
    if (tries === 2) vi.spyOn(Date, 'now').mockImplementation(() => before - 3_600_000)
    return Promise.reject(new Error('connect ECONNREFUSED'))
  })
  await expect(away).rejects.toThrow(StoreUnavailable)
  expect(tries).toBeGreaterThan(1)
})
