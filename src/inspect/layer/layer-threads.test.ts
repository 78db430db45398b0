import { afterEach, expect, it } from 'vitest'
import { LayerThreads } from './layer-threads.ts'

const threads = new LayerThreads()

afterEach(() => threads.stop())

it('gives the thread that waits, and a new one when it has met its end meanwhile', async () => {
  const first = threads.take()
  threads.giveBack(first)
  const again = threads.take()
  expect(again).toBe(first)
  threads.giveBack(again)
  again.stop(new Error('out of memory'))
  const other = threads.take()
  expect(other).not.toBe(first)
  threads.giveBack(other)
  await threads.stop()
  await expect(other.ask({ kind: 'end' })).rejects.toThrow('ended')
})
