import { array, assert, asyncProperty, integer, tuple } from 'fast-check'
import { expect, it } from 'vitest'
import type { SparseRange } from '../tar/sparse.ts'
import { readSparse } from './read-sparse.ts'

const gaps = array(tuple(integer({ min: 0, max: 20 }), integer({ min: 0, max: 20 })), { maxLength: 8 })

/** A file of these holes and ranges, as its reader sees it and as it is stored. */
function sparseFile(parts: readonly (readonly [hole: number, length: number])[]) {
  const ranges: SparseRange[] = []
  const [seen, stored]: [number[], number[]] = [[], []]
  for (const [hole, length] of parts) {
    seen.push(...Array<number>(hole).fill(0))
    ranges.push({ offset: seen.length, length })
    const bytes = Array.from({ length }, () => (stored.length % 200) + 1)
    seen.push(...bytes)
    stored.push(...bytes)
  }
  return { ranges, seen: Buffer.from([...seen, 0, 0, 0]), stored: Buffer.from(stored) }
}

it('gives what a reader of the file sees, and asks once for what is stored', async () => {
  await assert(
    asyncProperty(
      gaps,
      integer({ min: 0, max: 300 }),
      integer({ min: 0, max: 300 }),
      async (parts, one, two) => {
        const { ranges, seen, stored } = sparseFile(parts)
        const [start, end] = [one, two].map((at) => Math.min(at, seen.length)).sort((a, b) => a - b)
        let asked = 0
        const found = await readSparse(ranges, { start: start ?? 0, end: end ?? 0 }, (from, to) => {
          asked += 1
          expect(to - from).toBeLessThanOrEqual((end ?? 0) - (start ?? 0))
          return Promise.resolve(stored.subarray(from, to))
        })
        expect(found).toEqual(Buffer.from(seen.subarray(start, end)))
        expect(asked).toBeLessThanOrEqual(1)
      },
    ),
  )
})
