import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { inBriefTurn } from './brief-turn.ts'
import { createTurns } from './turns.ts'

const asker = {
  caller: { identity: { kind: 'anonymous' }, scope: undefined, expired: false },
  address: '192.0.2.1',
} as const
let begun: string[]
const ends = new Map<string, (value: string) => void>()

beforeEach(() => {
  vi.useFakeTimers()
  begun = []
})

afterEach(() => {
  vi.useRealTimers()
})

/** Several who share one place, each for a second; they begin in this order. */
function all(...names: string[]): Promise<string>[] {
  const turns = createTurns({ atOnce: 1, waiting: 9, refusal: 'too many' })
  const work = (name: string) => () => {
    begun.push(name)
    return new Promise<string>((resolve) => ends.set(name, resolve))
  }
  return names.map((name) => inBriefTurn((begin) => turns(asker, begin), 1000, work(name)))
}

it('lasts so long from its own beginning, however long it was waited for', async () => {
  const results = all('one', 'two', 'three')
  await vi.advanceTimersByTimeAsync(999)
  expect(begun).toEqual(['one'])
  await vi.advanceTimersByTimeAsync(1)
  expect(begun).toEqual(['one', 'two'])
  await vi.advanceTimersByTimeAsync(999)
  expect(begun).toEqual(['one', 'two'])
  ends.get('two')?.('done')
  await vi.advanceTimersByTimeAsync(0)
  expect(begun).toEqual(['one', 'two', 'three'])
  ends.get('one')?.('late')
  ends.get('three')?.('done')
  expect(await Promise.all(results)).toEqual(['late', 'done', 'done'])
})
