/** JSON of one page, in bytes: clients stop reading at 4 MiB. */
const PAGE_BYTES = 3.5 * 1024 * 1024
/** Items beyond which a list is long, passed over or not: what clients ask for in a page, a thousand at most, is not. */
const LONG = 2000

/** One page of a list, and whether more follows. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly more: boolean
}

/** How a page is taken. */
export interface PageOptions<Item> {
  /** Undefined: all items. */
  readonly n: number | undefined
  /** Estimates the JSON of one item. */
  readonly jsonBytes: (item: Item) => number
  /** Runs what takes the rest of a long list. */
  readonly whenLong: <Result>(rest: () => Promise<Result>) => Promise<Result>
}

/**
 * Takes up to `n` items whose JSON fits a page; undefined stands for what was looked at and is none. distribution-spec
 * "Listing Tags": "exactly <int> results ... unless fewer exist", or a Link says where to go on.
 */
export async function takePage<Item>(
  items: AsyncIterable<Item | undefined>,
  { n, jsonBytes, whenLong }: PageOptions<Item>,
): Promise<Page<Item>> {
  const taken: Item[] = []
  if (n === 0) return { items: taken, more: false }
  const iterator = items[Symbol.asyncIterator]()
  let [bytes, looked] = [0, 0]
  /** Whether more follows what was taken; undefined when `most` were looked at and nobody knows yet. */
  const take = async (most: number): Promise<boolean | undefined> => {
    for (; looked < most; looked++) {
      const next = await iterator.next()
      if (next.done === true) return false
      if (next.value === undefined) continue
      bytes += jsonBytes(next.value)
      if (taken.length === n || (bytes > PAGE_BYTES && taken.length > 0)) return true
      taken.push(next.value)
    }
    return undefined
  }
  try {
    const more = (await take(LONG)) ?? (await whenLong(() => take(Number.POSITIVE_INFINITY)))
    return { items: taken, more: more === true }
  } finally {
    await iterator.return?.()
  }
}

/** RFC 8288 Link to the next page, relative: clients refuse another host, and drop what follows a semicolon. */
export function nextLink(
  path: string,
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
): { link: string } {
  const search = new URLSearchParams()
  for (const [name, value = []] of Object.entries(query))
    for (const text of typeof value === 'string' ? [value] : value) search.append(name, text)
  return { link: `<${path}?${search.toString()}>; rel="next"` }
}
