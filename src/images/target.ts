import type { RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/tag.ts'

/** Where the images of an archive go. */
export interface ImportTarget {
  readonly name: RepositoryName
  /** For the one image of the archive; undefined: the tags that the archive gives its images. */
  readonly tag: Tag | undefined
  readonly account: string
}
