import { describe, expect, it } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

/** A queue with one place to work, which is taken until `release`, and four to wait. */
function busyQueue() {
  const queue = createFairQueue({ atOnce: 1, waiting: 4, refusal: () => new Error('full') })
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const first = queue.run('first', () => promise)
  const done: string[] = []
  const ask = (from: string, what: string): Promise<string> =>
    queue.run(from, async () => {
      done.push(what)
      return what
    })
  return { ask, done, first, release }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const outcomes = async (asked: readonly Promise<string>[]): Promise<string[]> =>
  (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? one.value : messageOf(one.reason),
  )

describe('a fair queue', () => {
  it('gives each asker a turn, however many one of them has asked', async () => {
    const { ask, done, release } = busyQueue()
    const asked = [ask('flood', 'f1'), ask('flood', 'f2'), ask('flood', 'f3'), ask('other', 'o1')]
    release()
    await Promise.all(asked)
    expect(done).toEqual(['f1', 'o1', 'f2', 'f3'])
  })

  it('refuses the one that holds most places, not the one that comes last', async () => {
    const { ask, release } = busyQueue()
    const asked = [1, 2, 3, 4, 5].map((n) => ask('flood', `f${n}`))
    asked.push(ask('other', 'o1'), ask('third', 't1'))
    release()
    expect(await outcomes(asked)).toEqual(['f1', 'f2', 'full', 'full', 'full', 'o1', 't1'])
  })

  it('refuses the newcomer when nobody holds more than another', async () => {
    const { ask, release } = busyQueue()
    const asked = ['a', 'b', 'c', 'd', 'e'].map((from) => ask(from, from))
    release()
    expect(await outcomes(asked)).toEqual(['a', 'b', 'c', 'd', 'full'])
  })

  it('goes on after work that fails', async () => {
    const queue = createFairQueue({ atOnce: 1, waiting: 4, refusal: () => new Error('full') })
    const failing = queue.run('a', () => Promise.reject(new Error('no')))
    const after = queue.run('a', async () => 'yes')
    await expect(failing).rejects.toThrow('no')
    expect(await after).toBe('yes')
    expect(await queue.run('a', async () => 'again')).toBe('again')
  })
})
