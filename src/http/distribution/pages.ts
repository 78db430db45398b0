/** JSON of one page, in bytes: clients stop reading at 4 MiB. */
const PAGE_BYTES = 3.5 * 1024 * 1024

/** One page of a list, and whether more follows. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly more: boolean
}

/**
 * Takes up to `n` items (all, when undefined) whose JSON fits a page. `jsonBytes` estimates one item's.
 * distribution-spec "Listing Tags": "exactly <int> results ... unless fewer exist", or a Link says where to go on.
 */
export async function takePage<Item>(
  items: AsyncIterable<Item>,
  n: number | undefined,
  jsonBytes: (item: Item) => number,
): Promise<Page<Item>> {
  const taken: Item[] = []
  if (n === 0) return { items: taken, more: false }
  let bytes = 0
  for await (const item of items) {
    bytes += jsonBytes(item)
    if (taken.length === n || (bytes > PAGE_BYTES && taken.length > 0)) return { items: taken, more: true }
    taken.push(item)
  }
  return { items: taken, more: false }
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
