import type { RepositoryName } from '../oci/name.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'

const PAGE = 1000

/** Tags of a repository in byte order, behind `last` if given, which need not exist. Throws NAME_UNKNOWN. */
export async function listTags(
  parts: RegistryParts,
  name: RepositoryName,
  last: string | undefined,
): Promise<AsyncGenerator<string>> {
  const repo = (await requireRepository(parts.metadata, name)).id
  const prefix = keys.tags(repo)
  return tagsFrom(parts, prefix, last === undefined ? prefix : keyAfter(keys.tag(repo, last)))
}

async function* tagsFrom(
  parts: RegistryParts,
  prefix: Uint8Array,
  start: Uint8Array,
): AsyncGenerator<string> {
  let from = start
  for (;;) {
    const page = await parts.metadata.range({ prefix, from, limit: PAGE })
    for (const entry of page) {
      const reader = new TupleReader(entry.key)
      reader.bytes(8)
      yield reader.text()
    }
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    from = keyAfter(end.key)
  }
}
