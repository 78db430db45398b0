import { expect, it } from 'vitest'
import { chunksOf, eachOf, Few, foundOf, merged } from './side-by-side.ts'

it('acts on each item, on no more at a time than it may', async () => {
  const seen: number[] = []
  let [running, most] = [0, 0]
  await eachOf([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, (running += 1))
    await Promise.resolve()
    running -= 1
    seen.push(item)
  })
  expect(seen).toEqual([1, 2, 3, 4, 5])
  expect(most).toBe(2)
})

it('begins no other once one has failed, and rejects when none is under way', async () => {
  const begun: number[] = []
  const slow = Promise.withResolvers<void>()
  let ended = false
  const all = eachOf([1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    if (item === 1) throw new Error('no')
    await slow.promise
    ended = true
  })
  slow.resolve()
  await expect(all).rejects.toThrow('no')
  expect(ended).toBe(true)
  expect(begun).toEqual([1, 2])
})

it('takes items as they come', async () => {
  const seen: string[] = []
  async function* coming() {
    yield 'a'
    await Promise.resolve()
    yield 'b'
  }
  await eachOf(coming(), 3, async (item) => void seen.push(item))
  expect(seen).toEqual(['a', 'b'])
})

it('cuts a list into parts', () => {
  expect([...chunksOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
  expect([...chunksOf([], 2)]).toEqual([])
})

it('merges sorted lists', () => {
  const compare = (one: number, other: number) => one - other
  expect([...merged([[1, 4, 9], [], [2, 3, 11], [4]], compare)]).toEqual([1, 2, 3, 4, 4, 9, 11])
  expect([...merged([], compare)]).toEqual([])
})

it('lets few act at a time, and the next also when one fails', async () => {
  const few = new Few(2)
  let [acting, most] = [0, 0]
  const acts = Array.from({ length: 7 }, (_, at) =>
    few.run(async () => {
      acting += 1
      most = Math.max(most, acting)
      await Promise.resolve()
      acting -= 1
      if (at % 3 === 0) throw new Error('failed')
      return at
    }),
  )
  const done = (await Promise.allSettled(acts)).filter(({ status }) => status === 'fulfilled')
  expect([most, done.length]).toEqual([2, 4])
})

it('looks at so many at a time, and gives what was found in order', async () => {
  let [looking, most] = [0, 0]
  async function* coming() {
    await Promise.resolve()
    yield* [3, 1, 2, 5, 4]
  }
  const found: [number, number][] = []
  const looked = foundOf(coming(), 3, async (item) => {
    most = Math.max(most, (looking += 1))
    for (let turn = 0; turn < item; turn++) await Promise.resolve()
    looking -= 1
    return item * 10
  })
  for await (const [item, ten] of looked) found.push([item, ten])
  expect(found).toEqual([3, 1, 2, 5, 4].map((item) => [item, item * 10]))
  expect(most).toBe(3)
})

it('rejects when the items end in a failure, whatever is being looked at', async () => {
  async function* broken() {
    yield 1
    await Promise.resolve()
    throw new Error('away')
  }
  const looked = foundOf(broken(), 1, () => Promise.resolve('seen'))
  expect((await looked.next()).value).toEqual([1, 'seen'])
  await expect(looked.next()).rejects.toThrow('away')
})
