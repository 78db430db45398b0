import { describe, expect, test } from 'vitest'
import {
  agoText,
  countText,
  deltaText,
  percentText,
  plural,
  shortDigest,
  sizeText,
  visibleText,
} from './format.ts'

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1234, '1.23 kB'],
    [9_994, '9.99 kB'],
    [9_996, '10 kB'],
    [99_949, '99.9 kB'],
    [142_345_123, '142 MB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [1_000_000_000, '1 GB'],
    [4_500_000_000_000_000_000, '4500 PB'],
    [-3000, '−3 kB'],
  ])('%d is %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text)
  })

  test('of differences have a sign', () => {
    expect([1500, -1500, 0].map(deltaText)).toEqual(['+1.5 kB', '−1.5 kB', '±0 B'])
  })
})

describe('numbers', () => {
  test('have their thousands apart, and know one from many', () => {
    expect(countText(1234567)).toBe('1,234,567')
    expect([plural(1, 'layer'), plural(7, 'layer'), plural(0, 'entry', 'entries')]).toEqual([
      '1 layer',
      '7 layers',
      '0 entries',
    ])
  })

  test('per cent is never all or nothing when it is not', () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(percentText)).toEqual(['0 %', '<1 %', '50 %', '>99 %', '100 %'])
  })
})

describe('dates', () => {
  const now = Date.UTC(2026, 0, 15)
  const SECOND = 1000
  const DAY = 86_400 * SECOND

  test.each([
    [2 * SECOND, 'just now'],
    [60 * SECOND, '1 minute ago'],
    [2 * 3600 * SECOND, '2 hours ago'],
    [13.9 * DAY, '13 days ago'],
    [400 * DAY, '1 year ago'],
    [-2 * SECOND, 'just now'],
    [-30 * SECOND, 'in a moment'],
    [-13.5 * DAY, 'in 13 days'],
  ])('%d ms before now is %s', (before, text) => {
    expect(agoText(now - before, now)).toBe(text)
  })
})

test('digests are twelve characters, and name an algorithm that is not the usual one', () => {
  expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab')
  expect(shortDigest(`sha512:${'cd'.repeat(64)}`)).toBe('sha512:cdcdcdcdcdcd')
  expect(shortDigest('none')).toBe('none')
})

describe('names from images', () => {
  test.each([
    ['plain name-1.txt', 'plain name-1.txt'],
    ['größe 名前 🐳', 'größe 名前 🐳'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['line\nbreak\ttab\0zero', 'line\\nbreak\\ttab\\0zero'],
    ['\u001b[31mred', '\\u{001b}[31mred'],
    ['invoice\u202Efdp.exe', 'invoice\\u{202e}fdp.exe'],
    ['pay\u200Bpal', 'pay\\u{200b}pal'],
    ['lone \uD800 half', 'lone \uFFFD half'],
  ])('%j is shown as %j', (name, shown) => {
    expect(visibleText(name)).toBe(shown)
  })
})
