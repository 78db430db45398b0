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

it('leaves some turns to others while those whom requests wait for never cease', async () => {
  const [patient, urgent] = [new ShortTurns({ isUrgent: false }), new ShortTurns({ isUrgent: true })]
  let turns = 0
  const over = new AbortController()
  const restOn = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await urgent.rest()
      turns += 1
    }
  }
  const crowd = Array.from({ length: 3 }, restOn)
  await patient.rest()
  over.abort()
  expect(turns).toBeGreaterThan(0)
  expect(turns).toBeLessThan(20)
  await Promise.all(crowd)
})

it('counts no turns against those whom requests wait for while nobody else waited', async () => {
  const [patient, urgent] = [new ShortTurns({ isUrgent: false }), new ShortTurns({ isUrgent: true })]
  for (let turn = 0; turn < 20; turn++) await urgent.rest()
  const order: string[] = []
  await Promise.all([
    patient.rest().then(() => order.push('patient')),
    urgent.rest().then(() => order.push('urgent')),
  ])
  expect(order).toEqual(['urgent', 'patient'])
})
