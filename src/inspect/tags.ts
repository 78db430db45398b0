import { setImmediate } from 'node:timers/promises'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { keyAfter, keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { repositoryCodec } from '../records/project.ts'
import { readTagKey } from '../records/read-key.ts'
import { pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { readContents } from './contents.ts'
import { type NewestQuery, newestTags, type StoredTag } from './newest-tags.ts'

export interface TagSummary {
  readonly tag: Tag
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  /** Bytes of the manifest and of what it refers to, each content once; of an index, of all its images. */
  readonly size: number
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

/** Contents of all images of a page beyond which the others are long work. */
const MANY = 20_000

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
    describeAll(metadata, repo, [...new Set(digests)], whenMany),
    metadata.read(digests.map((digest) => keys.keep(repo, digest))),
    metadata.read(digests.map((digest) => keys.pulled(repo, digest))),
  ])
  return tags.map(({ tag, digest, at, by }, index) => {
    const { mediaType = '', artifactType, size = 0 } = images.get(digest) ?? {}
    const kept = marks[index] !== undefined
    const pull = pulls[index]
    const pulled = pull && pulledCodec.decode(pull.value).at
    return { tag, digest, mediaType, artifactType, size, pushed: at, by, kept, pulled }
  })
}

type Described = Pick<TagSummary, 'mediaType' | 'artifactType' | 'size'>

/** Records of manifests that are read in one go: each may have megabytes, and many pages are asked for at the same time. */
const FEW = 4
/** Contents of an image beyond which its size is that of its first part. */
const MOST_CONTENTS = 300_000

/** What is known of images, by the digests of their manifests. None of what they refer to is held any longer than it takes. */
async function describeAll(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
  whenMany: (work: () => Promise<void>) => Promise<void>,
): Promise<ReadonlyMap<Digest, Described>> {
  const described = new Map<Digest, Described>()
  let [at, contents] = [0, 0]
  const describe = async (most: number): Promise<void> => {
    for (; at < digests.length && contents <= most; at += FEW) {
      const few = digests.slice(at, at + FEW)
      for (const [index, record] of (await readManifests(metadata, repo, few)).entries()) {
        const digest = few[index]
        if (record === undefined || digest === undefined) continue
        contents += record.children.length
        const { mediaType, artifactType } = record
        described.set(digest, { mediaType, artifactType, size: await sizeOf(metadata, repo, record) })
      }
      await setImmediate()
    }
  }
  await describe(MANY)
  if (at < digests.length) await whenMany(() => describe(Number.POSITIVE_INFINITY))
  return described
}

async function readManifests(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<readonly (ManifestRecord | undefined)[]> {
  const found = await metadata.read(digests.map((digest) => keys.manifest(repo, digest)))
  return found.map((stored) => stored && manifestCodec.decode(stored.value))
}

/** One level of children is enough: an index of indexes has its manifests counted, not their images. */
async function sizeOf(metadata: MetadataStore, repo: RepositoryId, record: ManifestRecord): Promise<number> {
  const digests = new Set(record.children)
  let size = record.size
  for (let at = 0; at < record.children.length && digests.size < MOST_CONTENTS; at += CHILDREN) {
    const some = record.children.slice(at, at + CHILDREN)
    for (const child of await readManifests(metadata, repo, some)) {
      size += child?.size ?? 0
      for (const digest of child?.children ?? []) digests.add(digest)
    }
    // A store that answers at once gives nobody a turn.
    if (at > 0) await setImmediate()
  }
  const contents = await readContents(metadata, repo, [...digests])
  const unique = new Map(
    contents.flatMap((content) => (content ? [[content.sha256, content.size] as const] : [])),
  )
  return [...unique.values()].reduce((sum, one) => sum + one, size)
}

/** Children of a manifest of which one asks at the same time whether they are manifests: mostly they are none. */
const CHILDREN = 32
