import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { readTagKey } from '../records/read-key.ts'
import { tagCodec } from '../records/tag.ts'

/** A tag as it is stored. */
export interface StoredTag {
  readonly tag: Tag
  readonly digest: Digest
  readonly at: number
  readonly by: string
}

/** Records that are read in one go: every tag of a repository is looked at, and others want their turn. */
const BATCH = 500

/** Tags by when they came to lead where they do. */
export interface NewestQuery {
  /** What a tag holds, in any case. */
  readonly part: string
  /** The last tag of the page before. */
  readonly after: TagPlace | undefined
  readonly limit: number
}

/** Where a tag stands among them. */
export interface TagPlace {
  readonly at: number
  readonly tag: Tag
}

/** One page, the last pushed first, and how many there are in all. Memory for one page, whatever the repository holds. */
export async function newestTags(
  metadata: MetadataStore,
  repo: RepositoryId,
  { part, after, limit }: NewestQuery,
): Promise<{ readonly tags: readonly StoredTag[]; readonly total: number }> {
  const wanted = part.toLowerCase()
  let best: StoredTag[] = []
  let total = 0
  for await (const page of pagesOf(metadata, { prefix: keys.tags(repo), limit: BATCH })) {
    for (const { key, value } of page) {
      const { tag } = readTagKey(key)
      if (!tag.toLowerCase().includes(wanted)) continue
      total += 1
      const found = { tag, ...tagCodec.decode(value) }
      if (after === undefined || compare(after, found) < 0) best.push(found)
    }
    if (best.length > 4 * limit) best = best.sort(compare).slice(0, limit)
  }
  return { tags: best.sort(compare).slice(0, limit), total }
}

function compare(a: TagPlace, b: TagPlace): number {
  return b.at - a.at || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0)
}
