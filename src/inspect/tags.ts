import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { keyAfter, keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { repositoryCodec } from '../records/project.ts'
import { pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import { readContents } from './contents.ts'
import { mapFew } from './map-few.ts'

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

/** One page of a repository's tags, by name. Throws NAME_UNKNOWN. */
export async function listTagSummaries(
  metadata: MetadataStore,
  name: RepositoryName,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<TagSummary[]> {
  const repo = await repositoryId(metadata, name)
  const prefix = keys.tags(repo)
  const from = page.after === undefined ? prefix : keyAfter(keys.tag(repo, page.after))
  const entries = await metadata.range({ prefix, from, limit: page.limit })
  const tags = entries.map(({ key, value }) => ({ tag: tagOfKey(key), ...tagCodec.decode(value) }))
  const digests = tags.map(({ digest }) => digest)
  const [manifests, marks, pulls] = await Promise.all([
    readManifests(metadata, repo, digests),
    metadata.read(digests.map((digest) => keys.keep(repo, digest))),
    metadata.read(digests.map((digest) => keys.pulled(repo, digest))),
  ])
  const sizes = new Map<Digest, Promise<number>>()
  return mapFew([...tags.entries()], async ([index, { tag, digest, at, by }]) => {
    const record = manifests[index]
    const size =
      sizes.get(digest) ?? (record === undefined ? Promise.resolve(0) : sizeOf(metadata, repo, record))
    sizes.set(digest, size)
    const { mediaType = '', artifactType } = record ?? {}
    const kept = marks[index] !== undefined
    const pull = pulls[index]
    const pulled = pull && pulledCodec.decode(pull.value).at
    return { tag, digest, mediaType, artifactType, size: await size, pushed: at, by, kept, pulled }
  })
}

/** The tag that a key of `keys.tags` is of. */
export function tagOfKey(key: Uint8Array): Tag {
  const reader = new TupleReader(key)
  reader.bytes(8)
  const tag = parseTag(reader.text())
  if (tag === undefined) throw new TypeError('a tag key holds no tag')
  return tag
}

async function readManifests(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<(ManifestRecord | undefined)[]> {
  const found = await metadata.read(digests.map((digest) => keys.manifest(repo, digest)))
  return found.map((stored) => stored && manifestCodec.decode(stored.value))
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
