const MIB = 1024 * 1024

/**
 * Sizes of the parts of an upload, by their number alone, so that any process cuts the same bytes in the same places:
 * 8 MiB at first, twice as much after each thousand. S3 takes parts of 5 MiB to 5 GiB, and 10,000 of them: together
 * 8 TiB here, more than the 5 TiB that an object may have.
 */
export interface PartPlan {
  readonly first: number
  /** Parts of one size. */
  readonly run: number
}

export const PART_PLAN: PartPlan = { first: 8 * MIB, run: 1000 }

/** Bytes of the part with this index, from 0. */
export function partSize(plan: PartPlan, index: number): number {
  return plan.first * 2 ** Math.floor(index / plan.run)
}

/** Where the part with this index begins in the blob. */
export function partStart(plan: PartPlan, index: number): number {
  const runs = Math.floor(index / plan.run)
  return plan.first * plan.run * (2 ** runs - 1) + (index - runs * plan.run) * partSize(plan, index)
}
