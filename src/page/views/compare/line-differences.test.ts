import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineDifferences, withContext } from './line-differences.ts'

const lines = array(constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })

describe('the differences of two texts', () => {
  it('lead from one to the other, and each line has its number', () => {
    assert(
      property(lines, lines, (a, b) => {
        const found = lineDifferences(a, b) ?? []
        const inA = found.filter(({ kind }) => kind !== 'added')
        const inB = found.filter(({ kind }) => kind !== 'removed')
        expect(inA.map(({ text }) => text)).toEqual(a)
        expect(inB.map(({ text }) => text)).toEqual(b)
        expect(inA.map((line) => line.a)).toEqual(a.map((_, index) => index + 1))
        expect(inB.map((line) => line.b)).toEqual(b.map((_, index) => index + 1))
      }),
    )
  })

  it('are as few as can be', () => {
    const found = lineDifferences(['a', 'b', 'c', 'd'], ['a', 'c', 'x', 'd']) ?? []
    expect(found.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'same a',
      'removed b',
      'same c',
      'added x',
      'same d',
    ])
  })

  it('are not told of texts that have nothing in common', () => {
    const long = (name: string) => Array.from({ length: 400 }, (_, index) => `${name} ${index}`)
    expect(lineDifferences(long('a'), long('b'))).toBeUndefined()
  })

  it('are shown with what is around them', () => {
    const a = Array.from({ length: 20 }, (_, index) => String(index))
    const shown = withContext(lineDifferences(a, a.toSpliced(10, 1, 'x')) ?? [], 2)
    expect(shown.map((one) => (one.kind === 'gap' ? `gap ${one.count}` : one.text))).toEqual([
      'gap 8',
      '8',
      '9',
      '10',
      'x',
      '11',
      '12',
      'gap 7',
    ])
  })
})
