/** Reads that one request has under way at the same time: an image may have tens of thousands of layers. */
const AT_ONCE = 16

/** What `act` gives for each item, in their order, a few at a time. Rejects with the first failure. */
export async function mapFew<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(act))))
  return results
}
