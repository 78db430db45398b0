import { array, assert, property, string } from 'fast-check'
import { expect, it } from 'vitest'
import { ChangedKeys } from './changed-keys.ts'

it('gives the keys from one to before another, in order', () => {
  const text = string({ maxLength: 3 })
  assert(
    property(array(text), text, text, (texts, from, to) => {
      const expected = texts.filter((one) => one >= from && one < to).toSorted()
      expect([...new ChangedKeys(texts).between(from, to)]).toEqual(expected)
    }),
  )
})
