import type { Digest } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { readEdgeKey, readTaggedKey } from '../records/read-key.ts'
import { manifestUnknown } from './manifests.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'

/** Of each kind what is listed at most, and children of a manifest that are looked at. */
const LISTED = 100
const CHILDREN = 2000

/** A number of blobs, and their bytes. */
interface Amount {
  readonly blobs: number
  readonly bytes: number
}

/** What deleting a manifest takes along, and what stays. */
export interface DeletionPreview {
  readonly mediaType: string
  /** Tags that go with it, the first hundred. */
  readonly tags: readonly string[]
  /** Indexes that list it; they stay, and miss it then. */
  readonly parents: readonly Digest[]
  /** Signatures and the like that are about it; they stay. */
  readonly referrers: number
  /** Manifests that it lists; they stay. */
  readonly manifests: number
  /** Content that nothing else in the project uses: it goes when the time to restore is over. */
  readonly freed: Amount
  /** Content that other images of the project use: it stays. */
  readonly kept: Amount
  /** Until when it can be restored if it is deleted now, in milliseconds since 1970. */
  readonly restorable: number
}

/** Says what deleting a manifest would do; of the project alone, whatever others hold. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
export async function previewDeletion(
  parts: RegistryParts,
  name: RepositoryName,
  digest: Digest,
): Promise<DeletionPreview> {
  const { metadata } = parts
  const repo = (await requireRepository(metadata, name)).id
  const [stored] = await metadata.read([keys.manifest(repo, digest)])
  if (stored === undefined) throw manifestUnknown(name, { kind: 'digest', digest })
  const { mediaType, children } = manifestCodec.decode(stored.value)
  const tagged = await metadata.range({ prefix: keys.tagsOf(repo, digest), limit: LISTED })
  const referrers = await metadata.range({ prefix: keys.referrers(repo, digest), limit: LISTED })
  const looked = await Promise.all(
    [...new Set(children)]
      .slice(0, CHILDREN)
      .map((child) => lookAt(parts, { name, repo, parent: digest }, child)),
  )
  const blobs = looked.filter((one) => one !== undefined)
  return {
    mediaType,
    tags: tagged.map(({ key }) => readTaggedKey(key).tag),
    parents: await liveParents(parts, repo, digest),
    referrers: referrers.length,
    manifests: looked.length - blobs.length,
    freed: amount(blobs.filter(({ used }) => !used)),
    kept: amount(blobs.filter(({ used }) => used)),
    restorable: parts.now() + parts.settings.grace,
  }
}

interface Place {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly parent: Digest
}

/** A blob and whether something else in the project uses it; undefined for a manifest. */
async function lookAt(
  { metadata }: RegistryParts,
  { name, repo, parent }: Place,
  child: Digest,
): Promise<{ readonly size: number; readonly used: boolean } | undefined> {
  const [link] = await metadata.read([keys.link(repo, child)])
  if (link === undefined) return undefined
  const { sha256 } = linkCodec.decode(link.value)
  const [blob] = await metadata.read([keys.blob(sha256)])
  const edges = await metadata.range({ prefix: keys.edges(repo, child), limit: 2 })
  const holders = await metadata.range({ prefix: keys.holdersInProject(sha256, projectOf(name)), limit: 2 })
  return {
    size: blob === undefined ? 0 : blobCodec.decode(blob.value).size,
    used: holders.length > 1 || edges.some(({ key }) => readEdgeKey(key).parent !== parent),
  }
}

async function liveParents(
  { metadata }: RegistryParts,
  repo: RepositoryId,
  digest: Digest,
): Promise<Digest[]> {
  const edges = await metadata.range({ prefix: keys.edges(repo, digest), limit: LISTED })
  const parents = edges.map(({ key }) => readEdgeKey(key).parent)
  const there = await metadata.read(parents.map((parent) => keys.manifest(repo, parent)))
  return parents.filter((_, at) => there[at] !== undefined)
}

function amount(blobs: readonly { readonly size: number }[]): Amount {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) }
}
