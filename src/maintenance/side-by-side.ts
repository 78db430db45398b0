/** Acts on each item, on so many at a time. When one fails no other begins; rejects as it did once none is under way. */
export async function eachOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = Symbol.iterator in items ? items[Symbol.iterator]() : items[Symbol.asyncIterator]()
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = await waiting.next()
      if (next.done === true) return
      await act(next.value)
    }
  }
  const noted = (): Promise<void> => worker().catch((error: unknown) => void failures.push(error))
  await Promise.all(Array.from({ length: atOnce }, noted))
  for (const failure of failures) throw failure
}

/** Looks at so many items at a time; gives each with what was found, in their order. Rejects as the first that fails. */
export async function* foundOf<Item, Found>(
  items: AsyncIterable<Item>,
  atOnce: number,
  look: (item: Item) => Promise<Found>,
): AsyncGenerator<readonly [Item, Found]> {
  const lookAt = (some: readonly Item[]) =>
    Promise.all(some.map(async (item) => [item, await look(item)] as const))
  let some: Item[] = []
  for await (const item of items) {
    some.push(item)
    if (some.length < atOnce) continue
    yield* await lookAt(some)
    some = []
  }
  yield* await lookAt(some)
}

/** Lets so many act at a time; the others wait, in the order in which they came. */
export class Few {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #acting = 0

  constructor(most: number) {
    this.#most = most
  }

  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.#acting === this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#acting += 1
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#acting -= 1
      else next()
    }
  }
}

/** Parts of `items`, in order, of `size` items each but for the last; each is made when it is asked for. */
export function* chunksOf<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

/** The items of several lists, each of which is in the order of `compare`, in that order; each when it is asked for. */
export function* merged<Item>(
  lists: readonly (readonly Item[])[],
  compare: (one: Item, other: Item) => number,
): Generator<Item> {
  const [only = []] = lists
  if (lists.length < 2) return yield* only
  const half = lists.length >> 1
  const [one, other] = [merged(lists.slice(0, half), compare), merged(lists.slice(half), compare)]
  let [first, second] = [one.next(), other.next()]
  while (first.done !== true || second.done !== true) {
    if (second.done === true || (first.done !== true && compare(first.value, second.value) <= 0)) {
      if (first.done !== true) yield first.value
      first = one.next()
    } else {
      yield second.value
      second = other.next()
    }
  }
}
