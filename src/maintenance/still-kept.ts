/** Of the time of a walk, this part at most goes into looking again: one in so many. */
const PART = 30

/**
 * Whether at least `count` of what a walk judged by are still there, which `countNow` tells; an answer counts for a while, which is
 * longer where counting takes long.
 */
export function stillKept(count: number, countNow: () => Promise<number>): () => Promise<boolean> {
  let until = 0
  return async () => {
    const begun = performance.now()
    if (count === 0 || begun < until) return true
    const now = await countNow()
    const ended = performance.now()
    until = ended + (ended - begun) * PART
    return now >= count
  }
}
