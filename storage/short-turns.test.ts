import { expect, it } from 'vitest'
import { ShortTurns } from './short-turns.ts'

it('gives each who waits a turn of its own, and first to those whom requests wait for', async () => {
  const [patient, urgent] = [new ShortTurns({ isUrgent: false }), new ShortTurns({ isUrgent: true })]
  const order: string[] = []
  let rounds = 0
  let counting = true
  const count = () => {
    rounds += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  const note = (who: string) => () => void order.push(`${who} in round ${rounds}`)
  await Promise.all([
    patient.rest().then(note('first')),
    patient.rest().then(note('second')),
    urgent.rest().then(note('urgent')),
  ])
  counting = false
  expect(order.map((text) => text.split(' ')[0])).toEqual(['urgent', 'first', 'second'])
  expect(new Set(order.map((text) => text.split(' ').at(-1))).size).toBe(3)
})
