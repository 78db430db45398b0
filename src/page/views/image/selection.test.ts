import { describe, expect, test } from 'vitest'
import { anchorOf, choose, readSelection, type Selection, selectionText, spanOf } from './selection.ts'

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

test('a step is chosen, and given up by choosing it again', () => {
  expect(choose(undefined, 3)).toEqual({ from: 3, to: 3 })
  expect(choose({ from: 3, to: 3 }, 3)).toBeUndefined()
  expect(choose({ from: 3, to: 6 }, 4)).toEqual({ from: 4, to: 4 })
})

test('a span goes from where it began to where one is', () => {
  const walked = (first: Selection, began: number | undefined, steps: readonly number[]) => {
    let [selection, anchor] = [first, began]
    return steps.map((step) => {
      anchor = anchorOf(selection, anchor)
      selection = spanOf(anchor, step)
      return selectionText(selection)
    })
  }
  expect(walked({ from: 3, to: 3 }, 3, [6, 4, 3, 1, 2])).toEqual(['3-6', '3-4', '3', '1-3', '2-3'])
  // As it stood in the address: nobody knows where it began.
  expect(walked({ from: 9, to: 9 }, undefined, [8, 7, 8])).toEqual(['8-9', '7-9', '8-9'])
  expect(walked({ from: 3, to: 6 }, undefined, [5, 9])).toEqual(['3-5', '3-9'])
  expect(walked({ from: 3, to: 6 }, 8, [5])).toEqual(['3-5'])
  expect(walked({ from: 3, to: 6 }, 6, [4, 9])).toEqual(['4-6', '6-9'])
})
