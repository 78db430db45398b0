import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'
import type { Reader } from './reader.ts'

const PAGE = 200

/** Names of the projects that `reader` may pull from, in byte order, behind `after` if given; read page by page. */
export async function* readableProjects(
  metadata: MetadataStore,
  reader: Reader,
  after?: string,
): AsyncGenerator<string> {
  const last = (key: (project: string) => Uint8Array) => (after === undefined ? undefined : key(after))
  if (reader.kind === 'unchecked' || (reader.kind === 'user' && reader.administrator)) {
    yield* names(metadata, keys.projects(), last(keys.project))
    return
  }
  const open = names(metadata, keys.publicProjects(), last(keys.publicProject))
  if (reader.kind === 'user') {
    const { name } = reader
    const own = names(
      metadata,
      keys.memberships(name),
      last((project) => keys.membership(name, project)),
      1,
    )
    yield* merge(own, open)
  } else if (reader.kind === 'account') {
    yield* merge(only(reader.project, after), open)
  } else yield* open
}

/** The text components at `skip` of the keys under `prefix`. */
async function* names(
  metadata: MetadataStore,
  prefix: Uint8Array,
  after: Uint8Array | undefined,
  skip = 0,
): AsyncGenerator<string> {
  for await (const page of pagesOf(metadata, { prefix, after, limit: PAGE }))
    for (const { key } of page) {
      const reader = new TupleReader(key)
      for (let index = 0; index < skip; index++) reader.text()
      yield reader.text()
    }
}

async function* only(project: string, after: string | undefined): AsyncGenerator<string> {
  if (after === undefined || project > after) yield project
}

/** Two ordered sequences as one, what is in both once. Project names are ASCII, so `<` compares their bytes. */
async function* merge(left: AsyncGenerator<string>, right: AsyncGenerator<string>): AsyncGenerator<string> {
  let one = await left.next()
  let two = await right.next()
  while (one.done !== true || two.done !== true) {
    if (two.done === true || (one.done !== true && one.value < two.value)) {
      if (one.done !== true) yield one.value
      one = await left.next()
    } else {
      if (one.done !== true && one.value === two.value) one = await left.next()
      yield two.value
      two = await right.next()
    }
  }
}
