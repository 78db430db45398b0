import { expect, test } from 'vitest'
import { Remembered } from './remembered.ts'

/** Makes lists of `size` items, and counts how often. */
function maker(size = 1) {
  const made: string[] = []
  return {
    made,
    make: (name: string) => async () => {
      await Promise.resolve()
      made.push(name)
      return Array.from({ length: size }, () => name)
    },
  }
}

test('a report is made once for all who ask, at the same time or later', async () => {
  const [reports, { made, make }] = [new Remembered<string[]>(), maker()]
  const [one, two] = await Promise.all([reports.of('a', make('a')), reports.of('a', make('a'))])
  expect([one, two, await reports.of('a', make('a'))]).toEqual([['a'], ['a'], ['a']])
  await reports.of('b', make('b'))
  expect(made).toEqual(['a', 'b'])
})

test('of very many the oldest are forgotten', async () => {
  const [reports, { made, make }] = [new Remembered<string[]>(), maker()]
  for (let at = 0; at < 100; at++) await reports.of(String(at), make(String(at)))
  await reports.of('99', make('again'))
  await reports.of('0', make('again'))
  expect([made.length, made.at(-1)]).toEqual([101, 'again'])
})

test('of large ones fewer are remembered, and none that is larger than all may be', async () => {
  const limit = { items: ({ length }: string[]) => length, mostItems: 100 }
  const [reports, { made, make }] = [new Remembered<string[]>(limit), maker(40)]
  for (const name of ['a', 'b', 'c', 'b', 'c', 'a']) await reports.of(name, make(name))
  expect(made).toEqual(['a', 'b', 'c', 'a'])
  const large = maker(101)
  for (const name of ['d', 'd', 'a']) await reports.of(name, large.make(name))
  expect(large.made).toEqual(['d', 'd'])
})

test('a failure is told to all who waited, and not remembered', async () => {
  const reports = new Remembered<string[]>()
  const failing = () => Promise.reject(new Error('the store is away'))
  const asked = [reports.of('a', failing), reports.of('a', failing)]
  for (const answer of asked) await expect(answer).rejects.toThrow('away')
  expect(await reports.of('a', maker().make('a'))).toEqual(['a'])
})
