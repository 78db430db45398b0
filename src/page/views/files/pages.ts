/** Entries of a directory that are asked for at once, and pages that one looks through for a single one. */
const ENTRIES = 1000
const PAGES = 100

/** How many pages of a directory an address asks for. */
export function pagesOf(query: URLSearchParams): number {
  const pages = Number(query.get('pages') ?? '1')
  return Number.isInteger(pages) ? Math.min(Math.max(1, pages), PAGES) : 1
}

interface Page<Entry> {
  readonly entries: readonly Entry[]
  readonly next?: string
}

interface PageQuery {
  readonly n: number
  readonly cursor: string | undefined
}

/** The first pages of a directory as one; what else an answer says is that of the first page. */
export async function readPages<Entry, Answer extends Page<Entry>>(
  pages: number,
  ask: (page: PageQuery) => Promise<Answer>,
): Promise<{
  readonly first: Answer
  readonly entries: readonly Answer['entries'][number][]
  readonly next: string | undefined
}> {
  const first = await ask({ n: ENTRIES, cursor: undefined })
  const entries: Answer['entries'][number][] = [...first.entries]
  let { next } = first
  for (let page = 1; page < pages && next !== undefined; page += 1) {
    const more = await ask({ n: ENTRIES, cursor: next })
    entries.push(...more.entries)
    next = more.next
  }
  return { first, entries, next }
}

/** One entry of a directory; undefined when it has none of that name. */
export async function findEntry<Entry>(
  ask: (page: PageQuery) => Promise<Page<Entry>>,
  isIt: (entry: Entry) => boolean,
): Promise<Entry | undefined> {
  let cursor: string | undefined
  for (let page = 0; page < PAGES; page += 1) {
    const { entries, next } = await ask({ n: ENTRIES, cursor })
    const found = entries.find(isIt)
    if (found !== undefined || next === undefined) return found
    cursor = next
  }
  return undefined
}
