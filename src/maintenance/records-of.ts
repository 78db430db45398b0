import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Kind, keyAfter, keys } from '../records/keys.ts'

const PAGE = 200

/** Every record of a kind, in order. An error ends it as an error. */
export async function* recordsOf(store: Pick<MetadataStore, 'range'>, kind: Kind): AsyncGenerator<Entry> {
  const prefix = keys.all(kind)
  let from = prefix
  for (;;) {
    const page = await store.range({ prefix, from, limit: PAGE })
    yield* page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    from = keyAfter(end.key)
  }
}
