import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { keyAfter, keys, type RepositoryId } from '../records/keys.ts'
import { repositoryCodec } from '../records/project.ts'
import { readTagKey } from '../records/read-key.ts'
import { pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { type Described, describeImages } from './describe-images.ts'
import { type NewestQuery, newestTags, type StoredTag } from './newest-tags.ts'

export interface TagSummary extends Described {
  readonly tag: Tag
  readonly digest: Digest
  /** When the tag came to lead here, and who made it. */
  readonly pushed: number
  readonly by: string
  /** No retention rule may take the image. */
  readonly kept: boolean
  /** When the manifest was last pulled, by tag or digest; written down once a minute. */
  readonly pulled: number | undefined
}

/** The id that a name leads to. Throws NAME_UNKNOWN. */
export async function repositoryId(metadata: MetadataStore, name: RepositoryName): Promise<RepositoryId> {
  const [stored] = await metadata.read([keys.repository(name)])
  if (stored !== undefined) return repositoryCodec.decode(stored.value).id
  throw new RegistryError('NAME_UNKNOWN', {
    message: `repository '${name}' does not exist, or you may not see it; sign in with an account that may`,
    detail: { name },
  })
}

/** The tags of a page of a repository, by name, with what they lead to. Throws NAME_UNKNOWN. */
export async function listTags(metadata: MetadataStore, name: RepositoryName, page: TagPage) {
  return readTags(metadata, await repositoryId(metadata, name), page)
}

interface TagPage {
  readonly after: string | undefined
  readonly limit: number
}

async function readTags(
  metadata: MetadataStore,
  repo: RepositoryId,
  { after, limit }: TagPage,
): Promise<StoredTag[]> {
  const prefix = keys.tags(repo)
  const from = after === undefined ? prefix : keyAfter(keys.tag(repo, after))
  const entries = await metadata.range({ prefix, from, limit })
  return entries.map(({ key, value }) => ({ tag: readTagKey(key).tag, ...tagCodec.decode(value) }))
}

/** The same with what is known of the images; `whenMany` runs what is left where that is long work. */
export async function listTagSummaries(
  metadata: MetadataStore,
  name: RepositoryName,
  page: TagPage,
  whenMany: (work: () => Promise<void>) => Promise<void>,
): Promise<TagSummary[]> {
  const repo = await repositoryId(metadata, name)
  return summariesOf(metadata, repo, await readTags(metadata, repo, page), whenMany)
}

/** The same, the last pushed first, with how many there are; all of it is long work, where there are many. */
export async function listNewestTags(
  metadata: MetadataStore,
  name: RepositoryName,
  query: NewestQuery,
): Promise<{ readonly tags: readonly TagSummary[]; readonly total: number }> {
  const repo = await repositoryId(metadata, name)
  const { tags, total } = await newestTags(metadata, repo, query)
  return { tags: await summariesOf(metadata, repo, tags, (work) => work()), total }
}

async function summariesOf(
  metadata: MetadataStore,
  repo: RepositoryId,
  tags: readonly StoredTag[],
  whenMany: (work: () => Promise<void>) => Promise<void>,
): Promise<TagSummary[]> {
  const digests = tags.map(({ digest }) => digest)
  const [images, marks, pulls] = await Promise.all([
    describeImages(metadata, repo, [...new Set(digests)], whenMany),
    metadata.read(digests.map((digest) => keys.keep(repo, digest))),
    metadata.read(digests.map((digest) => keys.pulled(repo, digest))),
  ])
  return tags.map(({ tag, digest, at, by }, index) => {
    const { mediaType = '', artifactType, platforms, size = 0 } = images.get(digest) ?? {}
    const kept = marks[index] !== undefined
    const pull = pulls[index]
    const pulled = pull && pulledCodec.decode(pull.value).at
    return { tag, digest, mediaType, artifactType, platforms, size, pushed: at, by, kept, pulled }
  })
}
