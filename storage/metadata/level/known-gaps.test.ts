import { array, assert, constantFrom, property, record } from 'fast-check'
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

  it('are joined by a key that goes from between them, and by no other', () => {
    const gaps = new KnownGaps()
    gaps.learn('b', 'd')
    gaps.learn('d\0', 'f')
    gaps.join('x')
    expect(gaps.covers('x', 'x\0')).toBe(false)
    gaps.join('d')
    expect(gaps.covers('b', 'f')).toBe(true)
    gaps.join('f')
    expect(gaps.covers('b', 'f\0')).toBe(true)
  })

  it('never cover a key, whatever was learned and whatever came', () => {
    const letter = constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
    const step = record({ act: constantFrom('learn', 'come', 'go'), one: letter, other: letter })
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const [gaps, keys] = [new KnownGaps(), new Set<string>()]
        for (const { act, one, other } of steps) {
          const isEmpty = ![...keys].some((key) => key >= one && key < other)
          const learns = act === 'learn' && one < other && isEmpty
          if (learns) gaps.learn(one, other)
          if (act === 'come') {
            keys.add(one)
            gaps.cut(one)
          } else if (act === 'go') {
            keys.delete(one)
            gaps.join(one)
          }
          for (const key of keys) expect(gaps.covers(key, `${key}\0`)).toBe(false)
          if (learns) expect(gaps.covers(one, other)).toBe(true)
        }
      }),
    )
  })

  it('forget the oldest when there are very many', () => {
    const gaps = new KnownGaps()
    const at = (index: number) => String(index).padStart(6, '0')
    for (let index = 0; index < 8000; index += 2) gaps.learn(at(index), at(index + 1))
    expect(gaps.covers(at(0), at(1))).toBe(false)
    expect(gaps.covers(at(7998), at(7999))).toBe(true)
  })

  it('forget the oldest also when one is cut into very many', () => {
    const gaps = new KnownGaps()
    const at = (index: number) => String(index).padStart(6, '0')
    gaps.learn(at(0), at(9000))
    for (let index = 1; index < 8000; index++) gaps.cut(at(index))
    const known = Array.from({ length: 7999 }, (_, index) => gaps.covers(`${at(index)}\0`, at(index + 1)))
    expect(known.filter(Boolean).length).toBeLessThan(3000)
    expect(gaps.covers(at(8000), at(9000))).toBe(true)
  })
})
