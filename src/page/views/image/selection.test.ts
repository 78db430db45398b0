import { describe, expect, test } from 'vitest'
import { choose, readSelection, selectionText } from './selection.ts'

describe('steps in the address', () => {
  test.each([
    ['7', { from: 7, to: 7 }],
    ['3-7', { from: 3, to: 7 }],
    ['1-9', { from: 1, to: 9 }],
  ])('%s is read, and written again', (text, selection) => {
    expect(readSelection(text, 9)).toEqual(selection)
    expect(selectionText(selection)).toBe(text)
  })

  test.each([null, '', '0', '10', '7-3', '3-10', '-3', '1e1', '1-2-3', ' 3'])(
    '%j chooses nothing',
    (text) => {
      expect(readSelection(text, 9)).toBeUndefined()
    },
  )
})

test('a step is chosen, given up by choosing it again, and extended to a span', () => {
  expect(choose(undefined, 3, false)).toEqual({ from: 3, to: 3 })
  expect(choose({ from: 3, to: 3 }, 3, false)).toBeUndefined()
  expect(choose({ from: 3, to: 3 }, 6, true)).toEqual({ from: 3, to: 6 })
  expect(choose({ from: 3, to: 6 }, 1, true)).toEqual({ from: 1, to: 6 })
  expect(choose({ from: 3, to: 6 }, 4, false)).toEqual({ from: 4, to: 4 })
  expect(choose(undefined, 4, true)).toEqual({ from: 4, to: 4 })
})
