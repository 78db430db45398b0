import { type Entry, type Stored } from '../../storage/metadata/metadata-store.ts'
import { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { readEdgeKey, readTaggedKey } from '../records/read-key.ts'
import { graveCodec, keepCodec, pulledCodec } from '../records/review.ts'
import { immutablePattern } from '../registry/immutable-tags.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { policyOf } from '../registry/policies.ts'
import { look } from './collection.ts'
import { repositoryNames } from './repository-names.ts'
import type { Verdict } from './review-queue.ts'

const PAGE = 200
/** Tags and parents that are listed. */
const MOST = 100

/** A manifest that leads to something. */
export interface Use {
  readonly manifest: Digest
  readonly tags: readonly string[]
  /** It was deleted, and counts until then (milliseconds). */
  readonly deletedUntil?: number
}

/** A manifest in one repository: what keeps it there, or what is known of its end. Dates are milliseconds. */
export interface ManifestIn {
  readonly repository: RepositoryName
  /** Absent once it is deleted. */
  readonly here?: {
    readonly size: number
    readonly tags: readonly { readonly tag: string; readonly immutable?: string | undefined }[]
    /** Indexes that it is part of. */
    readonly parents: readonly Use[]
    /** What it refers to, whether that is here or not. */
    readonly subject?: Digest | undefined
    readonly subjectIsHere?: boolean
    readonly keptBy?: string | undefined
    readonly sparedUntil: number
    readonly pulled?: number | undefined
    /** What the collector would make of it now. */
    readonly verdict: Verdict
  }
  readonly deleted?: {
    readonly at: number
    readonly by: string
    /** The retention rule that deleted it. */
    readonly policy?: string | undefined
    readonly tags: readonly string[]
    /** Whether it can be restored until then; else it could be. */
    readonly restorable: boolean
    readonly until: number
  }
}

/** Repositories by their ids. */
export type NamesOf = ReadonlyMap<RepositoryId, RepositoryName>

interface Repository {
  readonly id: RepositoryId
  readonly name: RepositoryName
}

/**
 * Looks for a manifest in every repository: no record says where a manifest is, since only people ask. Gives the names
 * that were met on the way, too.
 */
export async function findInRepositories(
  parts: RegistryParts,
  digest: Digest,
): Promise<{ readonly manifests: ManifestIn[]; readonly names: NamesOf }> {
  const names = await repositoryNames(parts.metadata)
  const manifests: ManifestIn[] = []
  const all = [...names].map(([id, name]) => ({ id, name }))
  for (let from = 0; from < all.length; from += PAGE) {
    const page = all.slice(from, from + PAGE)
    const [here, graves] = await Promise.all([
      parts.metadata.read(page.map(({ id }) => keys.manifest(id, digest))),
      parts.metadata.read(page.map(({ id }) => keys.grave(id, digest))),
    ])
    for (const [at, repository] of page.entries()) {
      const found = { manifest: here[at], grave: graves[at] }
      if (found.manifest !== undefined || found.grave !== undefined)
        manifests.push(await manifestIn(parts, repository, digest, found))
    }
  }
  return { manifests, names }
}

async function manifestIn(
  parts: RegistryParts,
  repository: Repository,
  digest: Digest,
  { manifest, grave }: { readonly manifest: Stored | undefined; readonly grave: Stored | undefined },
): Promise<ManifestIn> {
  const here = manifest && (await whatKeeps(parts, repository, digest, manifestCodec.decode(manifest.value)))
  if (here !== undefined || grave === undefined) return { repository: repository.name, ...(here && { here }) }
  const { at, by, policy, tags, until, manifest: buried } = graveCodec.decode(grave.value)
  const restorable = buried !== undefined
  return { repository: repository.name, deleted: { at, by, policy, tags, restorable, until } }
}

async function whatKeeps(
  parts: RegistryParts,
  { id, name }: Repository,
  digest: Digest,
  record: ManifestRecord,
): Promise<ManifestIn['here']> {
  const { metadata, settings } = parts
  const { subject, size, confirmed } = record
  const policy = await policyOf(metadata, projectOf(name))
  const tagged = await metadata.range({ prefix: keys.tagsOf(id, digest), limit: MOST })
  const edges = await metadata.range({ prefix: keys.edges(id, digest), limit: MOST })
  const [keep, pulled, root] = await metadata.read([
    keys.keep(id, digest),
    keys.pulled(id, digest),
    keys.manifest(id, subject ?? digest),
  ])
  const parents: Use[] = []
  for (const parent of parentsIn(edges, digest)) parents.push(await useOf(parts, id, parent))
  return {
    size,
    tags: tagged
      .map(({ key }) => readTaggedKey(key))
      .map(({ tag }) => ({ tag, immutable: immutablePattern(policy, tag) })),
    parents,
    ...(subject !== undefined && { subject, subjectIsHere: root !== undefined }),
    keptBy: keep && keepCodec.decode(keep.value).by,
    sparedUntil: confirmed + settings.grace,
    pulled: pulled && pulledCodec.decode(pulled.value).at,
    verdict: await verdictOn(parts, { id, name }, digest),
  }
}

/** A large manifest is also a blob of the repository, with an edge from itself. */
function parentsIn(edges: readonly Entry[], digest: Digest): Digest[] {
  return edges.map(({ key }) => readEdgeKey(key).parent).filter((parent) => parent !== digest)
}

/** The collector's own look; the transaction is thrown away. */
function verdictOn(parts: RegistryParts, { id, name }: Repository, digest: Digest): Promise<Verdict> {
  const due = parts.now()
  const entry = {
    key: keys.review(due, 'manifest', id, digest),
    due,
    kind: 'manifest',
    repo: id,
    digest,
    name,
  } as const
  return look(new Transaction(parts.metadata), parts, entry)
}

/** A manifest, with what leads to it in its repository. */
export async function useOf({ metadata }: RegistryParts, repo: RepositoryId, manifest: Digest): Promise<Use> {
  const [grave] = await metadata.read([keys.grave(repo, manifest)])
  const tagged = await metadata.range({ prefix: keys.tagsOf(repo, manifest), limit: MOST })
  const tags = tagged.map(({ key }) => readTaggedKey(key).tag)
  return { manifest, tags, ...(grave && { deletedUntil: graveCodec.decode(grave.value).until }) }
}
