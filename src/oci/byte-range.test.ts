import { array, assert, integer, nat, option, property, record, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ByteRange, parseByteRange, type RangeRequest } from './byte-range.ts'

/** Any UTF-16 code unit: fast-check's own `binary` takes a second to prepare. */
const anyUnit = nat(0xffff).map((code) => String.fromCharCode(code))

const whole: RangeRequest = { kind: 'whole' }
const unsatisfiable: RangeRequest = { kind: 'unsatisfiable' }
const single = (start: number, end: number): RangeRequest => ({ kind: 'single', range: { start, end } })
const multiple = (...pairs: [number, number][]): RangeRequest => ({
  kind: 'multiple',
  ranges: pairs.map(([start, end]) => ({ start, end })),
})

describe('parseByteRange of 1000 bytes', () => {
  const rows: [string | undefined, RangeRequest][] = [
    [undefined, whole],
    ['bytes=0-499', single(0, 499)],
    ['bytes=500-999', single(500, 999)],
    ['bytes=0-0', single(0, 0)],
    ['bytes=999-999', single(999, 999)],
    ['bytes=0-999', single(0, 999)],
    // Clamped at the end: clients resume with an end one past the last byte.
    ['bytes=500-1000', single(500, 999)],
    ['bytes=0-99999999999999999999999', single(0, 999)],
    ['bytes=500-', single(500, 999)],
    ['bytes=0-', single(0, 999)],
    ['bytes=-1', single(999, 999)],
    ['bytes=-1000', single(0, 999)],
    ['bytes=-5000', single(0, 999)],
    ['BYTES=1-2', single(1, 2)],
    ['  bytes=1-2  ', single(1, 2)],
    // Behind the end, reversed, or nothing of the end.
    ['bytes=1000-', unsatisfiable],
    ['bytes=1000-1001', unsatisfiable],
    ['bytes=99999999999999999999999-', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    ['bytes=500-0', unsatisfiable],
    ['bytes=5-4', unsatisfiable],
    ['bytes=1000-,2000-3000', unsatisfiable],
    // In the order of the request, touching or overlapping ones too.
    ['bytes=0-9,10-19', multiple([0, 9], [10, 19])],
    ['bytes=10-19, 0-9', multiple([10, 19], [0, 9])],
    ['bytes=0-9,5-14', multiple([0, 9], [5, 14])],
    ['bytes=0-0,0-0', multiple([0, 0], [0, 0])],
    ['bytes=0-9,-10', multiple([0, 9], [990, 999])],
    ['bytes=0-9,990-2000', multiple([0, 9], [990, 999])],
    ['bytes=0-9,2000-', multiple([0, 9])],
    // Exactly the whole is still parts; a byte more is the whole.
    ['bytes=0-499,500-999', multiple([0, 499], [500, 999])],
    ['bytes=0-499,499-999', whole],
    ['bytes=0-,0-', whole],
    // What is no ranges-specifier is ignored.
    ['', whole],
    ['bytes', whole],
    ['bytes=', whole],
    ['bytes=-', whole],
    ['bytes=a-b', whole],
    ['bytes=1', whole],
    ['bytes=1-2-3', whole],
    ['bytes=+1-2', whole],
    ['bytes=1.5-2', whole],
    ['bytes=0x1-0x2', whole],
    ['bytes=0-1,', whole],
    ['bytes=0-1,x', whole],
    ['items=0-1', whole],
    ['bytes:0-1', whole],
  ]
  it.each(rows)('%j', (header, expected) => expect(parseByteRange(header, 1000)).toEqual(expected))

  it('ignores every range of nothing', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=5-9', 'bytes=0-0,1-1'])
      expect(parseByteRange(header, 0)).toEqual(whole)
  })

  it('gives 1,100 ranges one by one', () => {
    const pairs = Array.from({ length: 1100 }, (_, at): [number, number] => [at * 10, at * 10 + 4])
    const header = `bytes=${pairs.map(([start, end]) => `${start}-${end}`).join(',')}`
    expect(parseByteRange(header, 11_000)).toEqual(multiple(...pairs))
  })

  it('gives the whole for more than 2,048, which fit into one header ten times', () => {
    const kindOf = (count: number) =>
      parseByteRange(`bytes=${Array(count).fill('0-0').join(',')}`, 1_000_000).kind
    expect([2048, 2049, 28_000].map(kindOf)).toEqual(['multiple', 'whole', 'whole'])
  })
})

/** RFC 9110 §14.1.2, written another way: the positions of the bytes that one range of the header means. */
function bytesOf(first: number | undefined, last: number | undefined, size: number): number[] {
  return Array.from({ length: size }, (_, position) => position).filter((position) => {
    if (first === undefined) return position >= size - (last ?? 0)
    return position >= first && (last === undefined || position <= last)
  })
}

function positions({ start, end }: ByteRange): number[] {
  return Array.from({ length: end - start + 1 }, (_, at) => start + at)
}

describe('parseByteRange of anything', () => {
  const spec = record({
    first: option(nat(40), { nil: undefined }),
    last: option(nat(40), { nil: undefined }),
  })
  const specs = array(
    spec.filter(({ first, last }) => first !== undefined || last !== undefined),
    { minLength: 1, maxLength: 5 },
  )

  it('means the bytes that the RFC means', () => {
    assert(
      property(specs, integer({ min: 1, max: 30 }), (list, size) => {
        const header = `bytes=${list.map(({ first = '', last = '' }) => `${first}-${last}`).join(',')}`
        const wanted = list
          .map(({ first, last }) => bytesOf(first, last, size))
          .filter((set) => set.length > 0)
        const result = parseByteRange(header, size)
        if (wanted.length === 0) expect(result).toEqual(unsatisfiable)
        else if (list.length === 1)
          expect(result.kind === 'single' && positions(result.range)).toEqual(wanted[0])
        else if (wanted.flat().length > size) expect(result).toEqual(whole)
        else expect(result.kind === 'multiple' && result.ranges.map(positions)).toEqual(wanted)
      }),
      { numRuns: 2000 },
    )
  })

  it('never leaves the blob, whatever the header', () => {
    assert(
      property(string({ unit: anyUnit, maxLength: 30 }), nat(50), (text, size) => {
        for (const header of [text, `bytes=${text}`]) {
          const result = parseByteRange(header, size)
          const ranges =
            result.kind === 'single' ? [result.range] : result.kind === 'multiple' ? result.ranges : []
          for (const { start, end } of ranges) expect(start >= 0 && start <= end && end < size).toBe(true)
        }
      }),
    )
  })
})
