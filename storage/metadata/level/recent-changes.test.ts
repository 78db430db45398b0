import { array, assert, constantFrom, nat, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentChanges } from './recent-changes.ts'

describe('what changed lately', () => {
  it('a key is the same since a moment after its last change, and no longer since one before it', () => {
    const changes = new RecentChanges()
    changes.note(['_a'], 10, 11)
    changes.note(['_b'], 11, 12)
    expect(changes.isSame('_a', 11)).toBe(true)
    expect(changes.isSame('_a', 10)).toBe(false)
    expect(changes.isSame('_b', 11)).toBe(false)
    expect(changes.isSame('_c', 10)).toBe(true)
  })

  it('says nothing about moments before the first batch that it was told of', () => {
    const changes = new RecentChanges()
    expect(changes.isSame('_a', 5)).toBe(false)
    changes.note([], 10, 11)
    expect(changes.isSame('_a', 9)).toBe(false)
    expect(changes.isSame('_a', 10)).toBe(true)
  })

  it('follows a prefix from when it is first asked for', () => {
    const changes = new RecentChanges()
    changes.note(['_range1'], 10, 11)
    expect(changes.isSameIn('_range', 10)).toBe(false)
    expect(changes.isSameIn('_range', 11)).toBe(true)
    changes.note(['_range2'], 11, 12)
    expect(changes.isSameIn('_range', 11)).toBe(false)
    expect(changes.isSameIn('_range', 12)).toBe(true)
    expect(changes.isSameIn('_rough', 11)).toBe(true)
  })

  it('never takes for the same what changed', () => {
    const name = string({ unit: constantFrom('a', 'b', 'ÿ'), minLength: 2, maxLength: 5 })
    const batches = array(array(name, { maxLength: 4 }), { maxLength: 12 })
    assert(
      property(batches, array(tuple(name, nat(14)), { maxLength: 20 }), (all, questions) => {
        const changes = new RecentChanges()
        const changed: { readonly text: string; readonly at: number }[] = []
        for (const [at, batch] of all.entries()) {
          changes.note(batch, at, at + 1)
          for (const text of batch) changed.push({ text, at: at + 1 })
          for (const [text, since] of questions) {
            const after = changed.filter((one) => one.at > since)
            if (changes.isSame(text, since)) expect(after.map((one) => one.text)).not.toContain(text)
            if (changes.isSameIn(text, since))
              expect(after.filter((one) => one.text.startsWith(text))).toEqual([])
          }
        }
      }),
    )
  })
})
