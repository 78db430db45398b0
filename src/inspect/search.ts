import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Digest, type DigestPrefix, digestHex } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/tag.ts'
import { blobCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { readContentKey, readTagKey } from '../records/read-key.ts'
import { holdsManifest, type NamedRepository, repositoriesIn } from '../records/repositories.ts'
import { TupleReader } from '../records/tuple.ts'
import { batchesOf } from './batches.ts'
import { mapFew } from './map-few.ts'
import type { MayRead } from './parts.ts'
import type { SearchTerms } from './search-terms.ts'
import { isReadable } from './sharing.ts'

export interface RepositorySearch {
  readonly terms: SearchTerms
  readonly after: RepositoryName | undefined
  readonly limit: number
  /** The projects that the caller may pull from, in order, behind one of them. */
  readonly projects: (after: string | undefined) => AsyncIterable<string>
  readonly mayRead: MayRead
}

/** Repositories that one search looks at, so that a page of no hits ends. */
const LOOK_LIMIT = 5000
/** Repositories that are looked at in one go. */
const BATCH = 64
/** Tags, manifests or blobs that one text finds in one place. */
const SHOWN = 20

export interface FoundRepository {
  readonly name: RepositoryName
  /** Those of its tags that the text means, up to 20; none when it was found by its name. */
  readonly tags: readonly Tag[]
  readonly manifests: readonly Digest[]
}

export interface FoundRepositories {
  readonly repositories: readonly FoundRepository[]
  /** Where to go on; undefined at the end. */
  readonly next: RepositoryName | undefined
}

/**
 * Repositories with a manifest whose name holds the text, or that have a tag or a manifest that begins with it, project
 * by project, of those that the caller may read.
 */
export async function searchRepositories(
  metadata: MetadataStore,
  search: RepositorySearch,
): Promise<FoundRepositories> {
  const repositories: FoundRepository[] = []
  let looked = 0
  for await (const batch of batchesOf(candidates(metadata, search), BATCH)) {
    const matches = await mapFew(batch, async (one) => matchOf(metadata, one, search.terms))
    for (const [index, found] of matches.entries()) {
      looked += 1
      if (found !== undefined) repositories.push(found)
      if (repositories.length === search.limit || looked === LOOK_LIMIT)
        return { repositories, next: batch[index]?.name }
    }
  }
  return { repositories, next: undefined }
}

async function* candidates(metadata: MetadataStore, { after, projects, mayRead }: RepositorySearch) {
  const begun = after && projectOf(after)
  if (begun !== undefined && (await mayRead(begun))) yield* repositoriesIn(metadata, begun, after)
  for await (const project of projects(begun)) yield* repositoriesIn(metadata, project)
}

async function matchOf(
  metadata: MetadataStore,
  { name, id }: NamedRepository,
  terms: SearchTerms,
): Promise<FoundRepository | undefined> {
  const isNamed = name.includes(terms.name)
  if (terms.together && !isNamed) return undefined
  const [tags, manifests] = await Promise.all([
    terms.tag === undefined ? [] : tagsFrom(metadata, id, terms.tag),
    terms.digest === undefined ? [] : manifestsFrom(metadata, id, terms.digest),
  ])
  if (tags.length + manifests.length > 0) return { name, tags, manifests }
  if (terms.together || !isNamed || !(await holdsManifest(metadata, id))) return undefined
  return { name, tags, manifests }
}

async function tagsFrom(metadata: MetadataStore, repo: RepositoryId, begin: Tag): Promise<Tag[]> {
  const entries = await metadata.range({ prefix: keys.tagsFrom(repo, begin), limit: SHOWN })
  return entries.map(({ key }) => readTagKey(key).tag)
}

async function manifestsFrom(
  metadata: MetadataStore,
  repo: RepositoryId,
  begin: DigestPrefix,
): Promise<Digest[]> {
  const entries = await metadata.range({ prefix: keys.manifestsFrom(repo, begin), limit: SHOWN })
  const digests = entries.map(({ key }) => readContentKey(key).digest)
  return digests.filter((digest) => begins(digest, begin))
}

export interface FoundBlob {
  readonly digest: Digest
  readonly size: number
}

/** Blobs whose sha256 begins so, up to 20, of those that the caller may read somewhere. */
export async function searchBlobs(
  metadata: MetadataStore,
  begin: DigestPrefix,
  mayRead: MayRead,
): Promise<FoundBlob[]> {
  const entries = await metadata.range({ prefix: keys.blobsFrom(begin), limit: SHOWN })
  const found = await mapFew(entries, async ({ key, value }) => {
    const digest = new TupleReader(key).digest()
    const isShown = begins(digest, begin) && (await isReadable(metadata, digest, mayRead))
    return isShown ? [{ digest, size: blobCodec.decode(value).size }] : []
  })
  return found.flat()
}

function begins(digest: Digest, { hex }: DigestPrefix): boolean {
  return digestHex(digest).startsWith(hex)
}
