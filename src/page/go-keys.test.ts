import { expect, it } from 'vitest'
import { GoKeys } from './go-keys.ts'

const views = (...presses: readonly (readonly [key: string, at: number])[]): (string | undefined)[] => {
  const keys = new GoKeys()
  return presses.map(([key, at]) => keys.press(key, at))
}

it('leads somewhere with the second of two letters, soon after the first', () => {
  expect(views(['g', 5000], ['p', 5200])).toEqual([undefined, 'pull'])
  expect(views(['g', 5000], ['g', 5200])).toEqual([undefined, 'grid'])
  expect(views(['g', 5000], ['p', 7000])).toEqual([undefined, undefined])
  expect(views(['g', 5000], ['x', 5100], ['p', 5200])).toEqual([undefined, undefined, undefined])
})

it('leads nowhere with one letter, however soon after the page was there', () => {
  expect(views(['p', 100])).toEqual([undefined])
  expect(views(['g', 100], ['p', 1700])).toEqual([undefined, undefined])
  expect(views(['g', 100], ['p', 200], ['p', 300])).toEqual([undefined, 'pull', undefined])
})
