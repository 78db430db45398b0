import { array, assert, boolean, constantFrom, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KnownGaps } from './known-gaps.ts'

describe('known gaps', () => {
  it('cover what lies within what was learned, joined where they touch', () => {
    const gaps = new KnownGaps()
    gaps.learn('b', 'd')
    gaps.learn('d', 'f')
    expect(gaps.covers('b', 'f')).toBe(true)
    expect(gaps.covers('c', 'e')).toBe(true)
    expect(gaps.covers('a', 'c')).toBe(false)
    expect(gaps.covers('e', 'g')).toBe(false)
  })

  it('are cut by a key that comes', () => {
    const gaps = new KnownGaps()
    gaps.learn('b', 'f')
    gaps.cut('d')
    expect(gaps.covers('b', 'd')).toBe(true)
    expect(gaps.covers('b', 'e')).toBe(false)
    expect(gaps.covers('d', 'd\0')).toBe(false)
    expect(gaps.covers('d\0', 'f')).toBe(true)
  })

  it('never cover a key, whatever was learned and whatever came', () => {
    const letter = constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
    const step = record({ learn: boolean(), one: letter, other: letter })
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const [gaps, keys] = [new KnownGaps(), new Set<string>()]
        for (const { learn, one, other } of steps) {
          const isEmpty = ![...keys].some((key) => key >= one && key < other)
          if (learn && one < other && isEmpty) gaps.learn(one, other)
          else if (!learn) {
            keys.add(one)
            gaps.cut(one)
          }
          for (const key of keys) expect(gaps.covers(key, `${key}\0`)).toBe(false)
          if (learn && one < other && isEmpty) expect(gaps.covers(one, other)).toBe(true)
        }
      }),
    )
  })

  it('forget the oldest when there are very many', () => {
    const gaps = new KnownGaps()
    const at = (index: number) => String(index).padStart(6, '0')
    for (let index = 0; index < 2000; index += 2) gaps.learn(at(index), at(index + 1))
    expect(gaps.covers(at(0), at(1))).toBe(false)
    expect(gaps.covers(at(1998), at(1999))).toBe(true)
  })
})
