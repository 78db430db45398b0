import {
  array,
  assert,
  dictionary,
  integer,
  jsonValue,
  letrec,
  nat,
  oneof,
  property,
  string,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEPTH_LIMIT, nestsTooDeep } from './json-depth.ts'

/** Any UTF-16 code unit: fast-check's own `binary` takes a second to prepare. */
const anyUnit = nat(0xffff).map((code) => String.fromCharCode(code))

const deep = (text: string) => nestsTooDeep(Buffer.from(text))
const nested = (levels: number, inside = '') => '['.repeat(levels) + inside + ']'.repeat(levels)

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('nestsTooDeep', () => {
  it('draws the line behind DEPTH_LIMIT, for arrays and objects alike', () => {
    expect(deep(nested(DEPTH_LIMIT))).toBe(false)
    expect(deep(nested(DEPTH_LIMIT + 1))).toBe(true)
    expect(deep(`${'{"a":'.repeat(DEPTH_LIMIT)}1${'}'.repeat(DEPTH_LIMIT)}`)).toBe(false)
    expect(deep(`${'{"a":'.repeat(DEPTH_LIMIT + 1)}1${'}'.repeat(DEPTH_LIMIT + 1)}`)).toBe(true)
    expect(deep('[{"a":'.repeat(17))).toBe(true)
  })

  it('counts nesting, not brackets', () => {
    expect(deep(`[${'[],{},'.repeat(1000)}1]`)).toBe(false)
  })

  it.each([
    ['brackets', '[[[['],
    ['an escaped quote', '\\"[[['],
    ['an escaped backslash at the end', '[[[\\\\'],
    ['three backslashes and a quote', '\\\\\\"[[['],
    ['a unicode escape of a quote', '\\u0022[[['],
    ['letters of several bytes', 'é[[['],
  ])('does not look into strings: %s', (_, inside) => {
    expect(deep(nested(DEPTH_LIMIT - 1, `"${inside.repeat(20)}"`))).toBe(false)
    expect(deep(nested(DEPTH_LIMIT, `["${inside}"]`))).toBe(true)
    // What stands behind the string counts again.
    expect(deep(`["${inside}",${nested(DEPTH_LIMIT)}]`)).toBe(true)
    expect(deep(`["${inside}",${nested(DEPTH_LIMIT - 1)}]`)).toBe(false)
  })

  it.each(['', '"', '"\\', '"\\"', ']', ']]]]', 'nonsense', '"[[['])('comes to an end with %j', (text) =>
    expect(deep(text)).toBe(false),
  )

  it('agrees with a count of the parsed value', () => {
    const { tree } = letrec((tie) => ({
      leaf: oneof(integer(), string(), string({ unit: anyUnit })),
      tree: oneof(
        { depthSize: 'large', maxDepth: 60 },
        tie('leaf'),
        array(tie('tree'), { maxLength: 2 }),
        dictionary(string(), tie('tree'), { maxKeys: 2 }),
      ),
    }))
    const wrapped = property(tree, integer({ min: 0, max: 40 }), (value, levels) => {
      const text = nested(levels, JSON.stringify(value))
      expect(deep(text)).toBe(depthOf(JSON.parse(text)) > DEPTH_LIMIT)
    })
    assert(wrapped, { numRuns: 500 })
    assert(
      property(jsonValue({ maxDepth: 5 }), (value) => {
        expect(deep(JSON.stringify(value))).toBe(depthOf(value) > DEPTH_LIMIT)
      }),
    )
  })

  it('agrees about text of brackets, quotes and backslashes that happens to be JSON', () => {
    const inside = string({
      unit: oneof(
        string({ unit: anyUnit, maxLength: 1 }),
        integer({ min: 0, max: 5 }).map((at) => '"\\[]{}'[at] ?? ''),
      ),
    })
    assert(
      property(array(inside), integer({ min: 25, max: 33 }), (texts, levels) => {
        const text = nested(levels, JSON.stringify(texts))
        expect(deep(text)).toBe(levels + 1 > DEPTH_LIMIT)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes a moment for 4 MB of anything', () => {
    for (const text of ['[', '"', '\\', '"\\', '\\"', '{"'])
      nestsTooDeep(Buffer.from(text.repeat(4_194_304 / text.length)))
    nestsTooDeep(Buffer.from(`"${'\\'.repeat(4_194_304)}"`))
    // Looking at each byte more than a few times would take minutes.
  }, 20_000)
})
