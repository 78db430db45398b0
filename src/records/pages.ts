import { keyAfter } from './keys.ts'

/** The records whose keys begin with `prefix`, behind the key `after` if there is one; `limit` of them at a time. */
export interface Under {
  readonly prefix: Uint8Array
  readonly after?: Uint8Array | undefined
  readonly limit: number
}

/** A store, a snapshot of it or a transaction, as far as it is read here. */
export interface Ranges<Entry> {
  range(query: {
    readonly prefix: Uint8Array
    readonly from: Uint8Array
    readonly limit: number
    readonly bytes?: number
  }): Promise<readonly Entry[]>
}

/** Bytes of values that a page has, but for those of its last records: a manifest's may have megabytes. */
const PAGE_BYTES = 4 << 20

/**
 * Pages of records in the order of their keys, none of them empty; of large records a page has a few. The next is read
 * when it is asked for.
 */
export async function* pagesOf<Entry extends { readonly key: Uint8Array; readonly value: Uint8Array }>(
  store: Ranges<Entry>,
  { prefix, after, limit }: Under,
): AsyncGenerator<readonly Entry[]> {
  let from = after === undefined ? prefix : keyAfter(after)
  for (;;) {
    const page = await store.range({ prefix, from, limit, bytes: PAGE_BYTES })
    const end = page.at(-1)
    if (end === undefined) return
    const isFull = page.length >= limit || bytesOf(page) >= PAGE_BYTES
    yield page
    if (!isFull) return
    from = keyAfter(end.key)
  }
}

function bytesOf(page: readonly { readonly value: Uint8Array }[]): number {
  return page.reduce((sum, { value }) => sum + value.length, 0)
}
