import { inParts } from '../../storage/metadata/in-parts.ts'
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
import { mapFew } from './map-few.ts'
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

/** Contents of all images of a page beyond which to add up their sizes is long work. */
const MANY = 20_000

/** The same with what is known of the images; sizes are added up by `whenMany` where that is long work. */
export async function listTagSummaries(
  metadata: MetadataStore,
  name: RepositoryName,
  page: TagPage,
  whenMany: (work: () => Promise<Sizes>) => Promise<Sizes>,
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
  whenMany: (work: () => Promise<Sizes>) => Promise<Sizes>,
): Promise<TagSummary[]> {
  const digests = tags.map(({ digest }) => digest)
  const [manifests, marks, pulls] = await Promise.all([
    readManifests(metadata, repo, digests),
    metadata.read(digests.map((digest) => keys.keep(repo, digest))),
    metadata.read(digests.map((digest) => keys.pulled(repo, digest))),
  ])
  const records = new Map<Digest, ManifestRecord>()
  for (const [index, digest] of digests.entries()) {
    const record = manifests[index]
    if (record !== undefined) records.set(digest, record)
  }
  const contents = [...records.values()].reduce((sum, { children }) => sum + children.length, 0)
  const work = () => sizesOf(metadata, repo, records)
  const sizes = await (contents > MANY ? whenMany(work) : work())
  return tags.map(({ tag, digest, at, by }, index) => {
    const { mediaType = '', artifactType } = records.get(digest) ?? {}
    const kept = marks[index] !== undefined
    const pull = pulls[index]
    const pulled = pull && pulledCodec.decode(pull.value).at
    const size = sizes.get(digest) ?? 0
    return { tag, digest, mediaType, artifactType, size, pushed: at, by, kept, pulled }
  })
}

/** Of images, by the digests of their manifests. */
type Sizes = ReadonlyMap<Digest, number>

async function sizesOf(
  metadata: MetadataStore,
  repo: RepositoryId,
  records: ReadonlyMap<Digest, ManifestRecord>,
): Promise<Sizes> {
  const sizes = await mapFew(
    [...records],
    async ([digest, record]) => [digest, await sizeOf(metadata, repo, record)] as const,
  )
  return new Map(sizes)
}

function readManifests(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<readonly (ManifestRecord | undefined)[]> {
  return inParts(digests, async (some) => {
    const found = await metadata.read(some.map((digest) => keys.manifest(repo, digest)))
    return found.map((stored) => stored && manifestCodec.decode(stored.value))
  })
}

/** One level of children is enough: an index of indexes has its manifests counted, not their images. */
async function sizeOf(metadata: MetadataStore, repo: RepositoryId, record: ManifestRecord): Promise<number> {
  const children = await readManifests(metadata, repo, record.children)
  const own = [record, ...children.filter((child) => child !== undefined)]
  const contents = await readContents(metadata, repo, [...new Set(own.flatMap((one) => one.children))])
  const unique = new Map(
    contents.flatMap((content) => (content ? [[content.sha256, content.size] as const] : [])),
  )
  const manifests = own.reduce((sum, one) => sum + one.size, 0)
  return [...unique.values()].reduce((sum, size) => sum + size, manifests)
}
