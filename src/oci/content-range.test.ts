import { assert, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseContentRange, uploadRange } from './content-range.ts'

describe('parseContentRange', () => {
  it.each([
    ['0-0', 0, 0],
    ['0-9', 0, 9],
    ['22-43', 22, 43],
    [' 0-9 ', 0, 9],
    ['bytes 0-9/100', 0, 9],
    ['bytes 0-9/*', 0, 9],
    ['bytes=0-9', 0, 9],
    ['0-9/10', 0, 9],
    ['0-999999999999999', 0, 999_999_999_999_999],
  ])('%j', (header, start, end) => expect(parseContentRange(header)).toEqual({ start, end }))

  it.each([
    '',
    '-',
    '0-',
    '-9',
    '9-0',
    'a-b',
    '0-9-10',
    '0–9',
    '0-9,10-19',
    'bytes */10',
    '0 - 9',
    '0x0-0x9',
    '-1-9',
    '0-9999999999999999',
    'items 0-9',
  ])('refuses %j', (header) => expect(parseContentRange(header)).toBeUndefined())

  it('reads what was written', () => {
    assert(
      property(nat(), nat(), (start, more) => {
        expect(parseContentRange(`${start}-${start + more}`)).toEqual({ start, end: start + more })
      }),
    )
  })
})

describe('uploadRange', () => {
  it('ends at the last byte', () => {
    expect(uploadRange(22, '0-0')).toBe('0-21')
    expect(uploadRange(1, '0--1')).toBe('0-0')
  })

  it('says nothing yet as it is asked to', () => {
    expect(uploadRange(0, '0-0')).toBe('0-0')
    expect(uploadRange(0, '0--1')).toBe('0--1')
  })
})
