import type { Entry } from '../../storage/metadata/metadata-store.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { subjectText } from '../records/review.ts'
import type { WorkParts } from './job.ts'
import { merged } from './side-by-side.ts'

/** Entries that are read from the queue in one go. */
const PAGE = 512
/** Pages that are put in one order: the more, the nearer to each other lie the records of those that follow each other. */
const PAGES = 8

/** Entries that are due, in the order of what they are about. */
export interface DueReviews {
  readonly entries: Iterable<Entry>
  /** The last of their keys. */
  readonly end: Uint8Array
}

interface Sorted {
  readonly entry: Entry
  readonly subject: string
}

/** What is due from `from` on, up to some thousands; undefined when nothing is. */
export async function dueReviews(parts: WorkParts, from: Uint8Array): Promise<DueReviews | undefined> {
  const pages: Sorted[][] = []
  let end: Uint8Array | undefined
  while (pages.length < PAGES) {
    const page = await duePage(parts, end === undefined ? from : keyAfter(end), PAGE)
    end = page.at(-1)?.key ?? end
    pages.push(page.map((entry) => ({ entry, subject: subjectText(entry.key) })).toSorted(bySubject))
    if (page.length < PAGE) break
    await parts.rest()
  }
  return end && { entries: entriesOf(pages), end }
}

/** The first that are due from `from` on. */
export async function duePage(
  { metadata, now }: Pick<WorkParts, 'metadata' | 'now'>,
  from: Uint8Array,
  limit: number,
): Promise<Entry[]> {
  const until = keys.reviewsUntil(now())
  const page = await metadata.range({ prefix: keys.reviews(), from, limit })
  return page.filter(({ key }) => Buffer.compare(key, until) < 0)
}

function* entriesOf(pages: readonly Sorted[][]): Generator<Entry> {
  for (const { entry } of merged(pages, bySubject)) yield entry
}

function bySubject(one: Sorted, other: Sorted): number {
  return one.subject < other.subject ? -1 : one.subject > other.subject ? 1 : 0
}
