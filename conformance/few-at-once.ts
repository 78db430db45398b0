/** Does something with each item, no more than so many at the same time; rejects as the first that failed. */
export async function fewAtOnce<Item>(
  most: number,
  items: Iterable<Item>,
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  // One iterator for all: each takes what is next.
  const left = [...items].values()
  const worker = async (): Promise<void> => {
    for (const item of left) await act(item)
  }
  await Promise.all(Array.from({ length: most }, worker))
}
