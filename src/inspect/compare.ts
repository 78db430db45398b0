import { type IndexEntry, pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { childKey } from './layer/sort-keys.ts'
import { changeOf } from './merged-tree.ts'
import { type WalkedPath, walkImage } from './walk-image.ts'

export type Difference = 'added' | 'removed' | 'changed' | 'metadata' | 'renamed'

/** What is told of a file; whole entries would take three times the memory while a comparison is remembered. */
type Side = Pick<IndexEntry, 'kind' | 'size' | 'mode'>

export interface FileDifference<Shown = Side> {
  readonly path: string
  readonly class: Difference
  /** Where the same content was before. */
  readonly from?: string
  readonly before: Shown | undefined
  readonly after: Shown | undefined
  /** Bytes that came, less those that went. */
  readonly delta: number
}

type FoundDifference = FileDifference<IndexEntry>

export interface Tally {
  readonly n: number
  readonly bytes: number
}

export interface Comparison {
  readonly tallies: Readonly<Record<Difference, Tally>>
  /** By path; the first so many. */
  readonly differences: readonly FileDifference[]
  readonly truncated: boolean
}

const DIFFERENCE_LIMIT = 50_000

/** F11: the files of two images against each other, moves found by content. */
export async function compareFiles(
  a: readonly (IndexReader | undefined)[],
  b: readonly (IndexReader | undefined)[],
): Promise<Comparison> {
  const differences: FoundDifference[] = []
  let truncated = false
  for await (const [before, after] of pairsOf(walkImage(a), walkImage(b))) {
    const found = differenceOf(before, after)
    if (found === undefined) continue
    truncated = differences.length === DIFFERENCE_LIMIT
    if (truncated) break
    differences.push(found)
  }
  const joined = joinMoves(differences)
  return { tallies: tally(joined), differences: joined.map(shown), truncated }
}

type Walk = AsyncGenerator<WalkedPath>

async function* pairsOf(a: Walk, b: Walk): AsyncGenerator<[WalkedPath | undefined, WalkedPath | undefined]> {
  let [left, right] = [await take(a), await take(b)]
  while (left !== undefined || right !== undefined) {
    const order = compareKeys(left, right)
    yield [order <= 0 ? left : undefined, order >= 0 ? right : undefined]
    if (order <= 0) left = await take(a)
    if (order >= 0) right = await take(b)
  }
}

async function take(walk: Walk): Promise<WalkedPath | undefined> {
  const result = await walk.next()
  return result.done === true ? undefined : result.value
}

function compareKeys(left: WalkedPath | undefined, right: WalkedPath | undefined): number {
  if (left === undefined) return 1
  if (right === undefined) return -1
  const [one, two] = [childKey(left.parent, left.name), childKey(right.parent, right.name)]
  return one < two ? -1 : Number(one > two)
}

function differenceOf(
  left: WalkedPath | undefined,
  right: WalkedPath | undefined,
): FoundDifference | undefined {
  const [before, after] = [left?.entry, right?.entry]
  const of = after ?? before
  const kind = classOf(before, after)
  if (of === undefined || kind === undefined) return undefined
  return { path: pathOf(of), before, after, delta: sizeOf(after) - sizeOf(before), class: kind }
}

/** Undefined: nothing differs. */
function classOf(before: IndexEntry | undefined, after: IndexEntry | undefined): Difference | undefined {
  if (after === undefined) return before && 'removed'
  const change = changeOf(before, after)
  return change === 'same' ? undefined : change
}

function sizeOf(entry: IndexEntry | undefined): number {
  return entry?.size ?? 0
}

/** What went and came with the same content is a move. Empty files are alike without being moved. */
function joinMoves(differences: readonly FoundDifference[]): FoundDifference[] {
  const gone = new Map<string, FoundDifference>()
  for (const one of differences)
    if (
      one.class === 'removed' &&
      one.before !== undefined &&
      one.before.size > 0 &&
      one.before.sha256 !== undefined
    )
      gone.set(one.before.sha256.toString('latin1'), one)
  const moved = new Set<FoundDifference>()
  const joined = differences.map((one): FoundDifference => {
    const content = one.class === 'added' ? one.after?.sha256?.toString('latin1') : undefined
    const from = content === undefined ? undefined : gone.get(content)
    if (from === undefined || moved.has(from)) return one
    moved.add(from)
    return { ...one, class: 'renamed', from: from.path, before: from.before, delta: 0 }
  })
  return joined.filter((one) => !moved.has(one))
}

function tally(differences: readonly FoundDifference[]): Record<Difference, Tally> {
  const tallies = { added: zero(), removed: zero(), changed: zero(), metadata: zero(), renamed: zero() }
  for (const one of differences) {
    tallies[one.class].n += 1
    tallies[one.class].bytes += one.class === 'renamed' ? (one.after?.size ?? 0) : one.delta
  }
  return tallies
}

function zero() {
  return { n: 0, bytes: 0 }
}

function shown({ before, after, ...rest }: FoundDifference): FileDifference {
  return { ...rest, before: before && sideOf(before), after: after && sideOf(after) }
}

function sideOf({ kind, size, mode }: IndexEntry): Side {
  return { kind, size, mode }
}
