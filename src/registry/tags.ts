import type { RangeQuery } from '../../storage/metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { readTagKey } from '../records/read-key.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'

/** Records of one read, which is one turn of the event loop. */
const PAGE = 250

/**
 * Tags of a repository in byte order, behind `last` if given, which need not exist; all, but read as if `few` were
 * enough. Throws NAME_UNKNOWN.
 */
export async function listTags(
  parts: RegistryParts,
  name: RepositoryName,
  { last, few = PAGE }: { readonly last?: string | undefined; readonly few?: number | undefined } = {},
): Promise<AsyncGenerator<string>> {
  const repo = (await requireRepository(parts.metadata, name)).id
  const prefix = keys.tags(repo)
  const from = last === undefined ? prefix : keyAfter(keys.tag(repo, last))
  return tagsFrom(parts, { prefix, from, limit: Math.min(few, PAGE) })
}

async function* tagsFrom(
  parts: RegistryParts,
  first: Required<Pick<RangeQuery, 'prefix' | 'from' | 'limit'>>,
): AsyncGenerator<string> {
  let { from, limit } = first
  for (;;) {
    const page = await parts.metadata.range({ ...first, from, limit })
    for (const { key } of page) yield readTagKey(key).tag
    const end = page.at(-1)
    if (end === undefined || page.length < limit) return
    from = keyAfter(end.key)
    limit = PAGE
  }
}
