import { expect, it } from 'vitest'
import { sizeText } from './badge.ts'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_600, '1.00 MB'],
  [999_999_999, '1.00 GB'],
  [40_000_000_000, '40.0 GB'],
])('%d bytes are %s on a badge', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})
