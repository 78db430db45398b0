import { expect, it } from 'vitest'
import { inOneLine, printable } from './printable.ts'
import { table } from './table.ts'

it('shows what a terminal would obey', () => {
  expect(printable('a\u001b[31mb\rc\u009b2Jd\u007f\n\te')).toBe(
    String.raw`a\u001b[31mb\u000dc\u009b2Jd\u007f` + '\n\te',
  )
  expect(inOneLine('a\nb\u202ec')).toBe(String.raw`a\u000ab\u202ec`)
  expect(printable('żółw 🐢 日本')).toBe('żółw 🐢 日本')
})

it('leaves JSON what it says', () => {
  const value = { name: 'a\u001b\u009b\u202e\n"\\' }
  expect(JSON.parse(printable(JSON.stringify(value, undefined, 2)))).toEqual(value)
})

it('keeps a row of a table in its line', () => {
  expect(table(['A', 'B'], [['x\nfake', 'y']], '')).toBe(
    ['A            B', String.raw`x\u000afake  y`].join('\n'),
  )
})
