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
  }): Promise<readonly Entry[]>
}

/** Pages of records in the order of their keys, none of them empty. The next is read when it is asked for. */
export async function* pagesOf<Entry extends { readonly key: Uint8Array }>(
  store: Ranges<Entry>,
  { prefix, after, limit }: Under,
): AsyncGenerator<readonly Entry[]> {
  let from = after === undefined ? prefix : keyAfter(after)
  for (;;) {
    const page = await store.range({ prefix, from, limit })
    const end = page.at(-1)
    if (end === undefined) return
    yield page
    if (page.length < limit) return
    from = keyAfter(end.key)
  }
}
