import { expect, it } from 'vitest'
import { endOfTurn } from './end-of-turn.ts'

it('lets those of one turn go on together, in their order, and nobody wait for the next', async () => {
  const seen: string[] = []
  const first = endOfTurn().then(() => seen.push('first'))
  const second = endOfTurn().then(() => seen.push('second'))
  await Promise.resolve()
  expect(seen).toEqual([])
  await first
  const later = endOfTurn().then(() => seen.push('later'))
  await second
  expect(seen).toEqual(['first', 'second'])
  await later
  expect(seen).toEqual(['first', 'second', 'later'])
})
