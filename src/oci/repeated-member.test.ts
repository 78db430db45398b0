import { describe, expect, it } from 'vitest'
import { repeatedMember } from './repeated-member.ts'

describe('a member that stands twice', () => {
  const cases: [string, string | undefined][] = [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"b":{"c":1,"d":2,"c":3}}', 'c'],
    ['[{"a":1},{"b":[{"x":1,"x":1}]}]', 'x'],
    ['{"a":{"b":1},"c":{},"a":{}}', 'a'],
    [String.raw`{"name":1,"na\u006de":2}`, 'name'],
    ['{"":1,"":2}', ''],
    ['{"a":{"a":{"a":1}},"b":{"a":1}}', undefined],
    ['[{"a":1},{"a":2}]', undefined],
    ['{"a":"a","b":"a"}', undefined],
    ['{"A":1,"a":2}', undefined],
    ['{}', undefined],
    ['"a"', undefined],
    ['{"a":1,', undefined],
    ['', undefined],
  ]
  it.each(cases)('%s', (text, found) => expect(repeatedMember(Buffer.from(text))).toBe(found))
})
