import type { Digest } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/tag.ts'

/** An image, or an index of several, that an archive holds, before it is pushed. */
export interface ArchivedImage {
  readonly digest: Digest
  /** As its descriptor says. */
  readonly mediaType: string
  readonly bytes: Buffer
  /** Tags that the archive gives it. */
  readonly tags: readonly Tag[]
}

/** The tag in a name such as `v1`, `app:v1` or `localhost:5000/app:v1`; undefined when it has none. */
export function tagIn(name: string): Tag | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1)
  const colon = last.indexOf(':')
  if (colon >= 0) return parseTag(last.slice(colon + 1))
  return last === name ? parseTag(last) : undefined
}
