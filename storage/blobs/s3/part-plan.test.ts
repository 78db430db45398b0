import { describe, expect, it } from 'vitest'
import { PART_PLAN, partSize, partStart } from './part-plan.ts'

const MIB = 2 ** 20

describe('the plan of parts', () => {
  it('begins each part where the one before ends', () => {
    for (const index of [0, 1, 998, 999, 1000, 1001, 1999, 2000, 5432, 9998])
      expect(partStart(PART_PLAN, index + 1)).toBe(partStart(PART_PLAN, index) + partSize(PART_PLAN, index))
    expect(partStart(PART_PLAN, 0)).toBe(0)
  })

  it('keeps to the limits of S3: 5 MiB to 5 GiB a part, 10,000 parts, and reaches 5 TiB with them', () => {
    for (let index = 0; index < 10_000; index += 100) {
      expect(partSize(PART_PLAN, index)).toBeGreaterThanOrEqual(5 * MIB)
      expect(partSize(PART_PLAN, index)).toBeLessThanOrEqual(5 * 1024 * MIB)
    }
    expect(partStart(PART_PLAN, 10_000)).toBeGreaterThan(5 * 1024 * 1024 * MIB)
    expect(Number.isSafeInteger(partStart(PART_PLAN, 10_000))).toBe(true)
  })
})
