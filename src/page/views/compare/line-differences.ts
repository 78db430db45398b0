/** A line of two texts: in both, or in one of them. Numbers count from 1. */
export interface LineDifference {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
  readonly a: number | undefined
  readonly b: number | undefined
}

/** Lines that were left out between differences. */
export interface Gap {
  readonly kind: 'gap'
  readonly count: number
}

/** Lines removed and added at most: the work grows with the square of it. */
const MOST = 600

/**
 * The shortest way from one text to another, by lines (Myers, "An O(ND) Difference Algorithm"). Undefined when they have
 * too little in common for it to tell anything.
 */
export function lineDifferences(a: readonly string[], b: readonly string[]): LineDifference[] | undefined {
  const steps = shortestWay(a, b)
  if (steps === undefined) return undefined
  const found: LineDifference[] = []
  let [x, y] = [a.length, b.length]
  for (const [back, furthest] of steps.toReversed().entries()) {
    const from = before(furthest, steps.length - 1 - back, x - y)
    // The lines that both have come last in a step: walked backwards, first.
    for (; x > Math.max(from.x, 0) && y > Math.max(from.y, 0) && a[x - 1] === b[y - 1]; x -= 1, y -= 1)
      found.push({ kind: 'same', text: a[x - 1] ?? '', a: x, b: y })
    if (x > from.x && from.x >= 0) found.push({ kind: 'removed', text: a[x - 1] ?? '', a: x, b: undefined })
    else if (y > from.y && from.y >= 0)
      found.push({ kind: 'added', text: b[y - 1] ?? '', a: undefined, b: y })
    x = from.x
    y = from.y
  }
  return found.reverse()
}

/** For each number of differences the furthest place on each diagonal, as it was before the last of them. */
function shortestWay(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const steps: Map<number, number>[] = []
  // As if one line of B were added before its first.
  const furthest = new Map<number, number>([[1, 0]])
  for (let d = 0; d <= Math.min(MOST, a.length + b.length); d += 1) {
    steps.push(new Map(furthest))
    for (let k = -d; k <= d; k += 2) {
      const x = slide(a, b, { k, x: isDown(furthest, d, k) ? at(furthest, k + 1) : at(furthest, k - 1) + 1 })
      furthest.set(k, x)
      if (x >= a.length && x - k >= b.length) return steps
    }
  }
  return undefined
}

/** Along lines that both have. */
function slide(
  a: readonly string[],
  b: readonly string[],
  start: { readonly k: number; readonly x: number },
) {
  let { x } = start
  while (x < a.length && x - start.k < b.length && a[x] === b[x - start.k]) x += 1
  return x
}

/** Where the last of `d` differences began, of a way that ends on diagonal `k`. */
function before(furthest: ReadonlyMap<number, number>, d: number, k: number): { x: number; y: number } {
  const diagonal = isDown(furthest, d, k) ? k + 1 : k - 1
  const x = at(furthest, diagonal)
  return { x, y: x - diagonal }
}

/** Whether the last difference is a line of B. */
function isDown(furthest: ReadonlyMap<number, number>, d: number, k: number): boolean {
  return k === -d || (k !== d && at(furthest, k - 1) < at(furthest, k + 1))
}

function at(furthest: ReadonlyMap<number, number>, k: number): number {
  return furthest.get(k) ?? -1
}

/** The differences with a few lines around each. */
export function withContext(lines: readonly LineDifference[], context: number): (LineDifference | Gap)[] {
  const near = new Set<number>()
  for (const [index, { kind }] of lines.entries())
    if (kind !== 'same') for (let by = -context; by <= context; by += 1) near.add(index + by)
  const shown: (LineDifference | Gap)[] = []
  let left = 0
  for (const [index, line] of lines.entries()) {
    if (!near.has(index)) {
      left += 1
      continue
    }
    if (left > 0) shown.push({ kind: 'gap', count: left })
    left = 0
    shown.push(line)
  }
  if (left > 0) shown.push({ kind: 'gap', count: left })
  return shown
}
