import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Kind, keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'

const PAGE = 200

/** Every record of a kind, in order. An error ends it as an error. */
export async function* recordsOf(store: Pick<MetadataStore, 'range'>, kind: Kind): AsyncGenerator<Entry> {
  for await (const page of pagesOf(store, { prefix: keys.all(kind), limit: PAGE })) yield* page
}
