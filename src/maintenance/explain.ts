import type { Digest } from '../oci/digest.ts'
import { aliasCodec, blobCodec, linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { INDEX_HOLDER } from '../records/layer-index.ts'
import { readEdgeKey, readHolderKey } from '../records/read-key.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { readSnapshots } from './backup/daily-snapshot.ts'
import { isHeld } from './backup/holds.ts'
import type { Foreseen } from './collection-report.ts'
import { type BringingUpload, foreseenOf, type Trashed, trashOf, uploadsOf } from './explain-elsewhere.ts'
import { findInRepositories, type ManifestIn, type NamesOf, type Use, useOf } from './explain-manifest.ts'

/** Reasons of one kind that are listed: what is used a thousand times is not about to go. */
const MOST = 100

/** What keeps a blob in one repository. */
interface HeldIn {
  readonly project: string
  /** Absent when the repository is deleted, and about to be cleared. */
  readonly repository?: string | undefined
  readonly digest: Digest
  readonly uses: readonly Use[]
  /** A client was told that it is here: it stays until then (milliseconds), used or not. */
  readonly sparedUntil: number
}

/** Everything that is known of a digest: what keeps it, what brings it, what is left of it. */
export interface Explanation {
  readonly digest: Digest
  /** Of the blob; absent when no blob has this digest. */
  readonly size?: number
  /** When the blob was found damaged (milliseconds). */
  readonly damagedSince?: number | undefined
  readonly holders: readonly HeldIn[]
  /** Layers that this blob was made of by the inspector, and stays with. */
  readonly madeOf: readonly Digest[]
  readonly manifests: readonly ManifestIn[]
  /** When the copy of the records was taken whose bytes these are (milliseconds): one of the last seven is kept. */
  readonly snapshotOf?: number | undefined
  readonly uploads: readonly BringingUpload[]
  readonly trash: readonly Trashed[]
  /** Whether a backup is under way, for which nothing leaves the trash. */
  readonly heldByBackup: boolean
  /** What the collector is going to look at, and will do by what is there now. */
  readonly waiting: readonly Foreseen[]
}

/** What keeps a blob or manifest, or what became of it; undefined when nothing is known of the digest. */
export async function explain(parts: RegistryParts, digest: Digest): Promise<Explanation | undefined> {
  const { manifests, names } = await findInRepositories(parts, digest)
  const blob = await explainBlob(parts, digest, names)
  const trash = await trashOf(parts, digest)
  const explanation = {
    digest,
    ...blob,
    manifests,
    snapshotOf: await snapshotTaken(parts, digest),
    uploads: await uploadsOf(parts, digest),
    trash,
    heldByBackup: trash.length > 0 && (await isHeld(parts)),
    waiting: await foreseenOf(parts, digest),
  }
  const { holders, madeOf, uploads, waiting, size, snapshotOf } = explanation
  const found = [holders, madeOf, manifests, uploads, trash, waiting].some((list) => list.length > 0)
  return found || (size ?? snapshotOf) !== undefined ? explanation : undefined
}

async function snapshotTaken({ metadata }: RegistryParts, digest: Digest): Promise<number | undefined> {
  return (await readSnapshots(metadata)).kept.find((one) => one.digest === digest)?.taken
}

type OfBlob = Pick<Explanation, 'size' | 'damagedSince' | 'holders' | 'madeOf'>

async function explainBlob(parts: RegistryParts, digest: Digest, names: NamesOf): Promise<OfBlob> {
  const { metadata } = parts
  const [alias] = await metadata.read([keys.alias(digest)])
  const sha256 = alias === undefined ? digest : aliasCodec.decode(alias.value).sha256
  const [stored] = await metadata.read([keys.blob(sha256)])
  if (stored === undefined) return { holders: [], madeOf: [] }
  const { size, quarantined } = blobCodec.decode(stored.value)
  const entries = await metadata.range({ prefix: keys.holders(sha256), limit: MOST })
  const holders: HeldIn[] = []
  for (const { key } of entries) {
    const holder = readHolderKey(key)
    if (holder.project === INDEX_HOLDER.project) continue
    holders.push(await heldIn(parts, holder, names))
  }
  const madeOf = await metadata.range({ prefix: keys.edges(INDEX_HOLDER.repo, sha256), limit: MOST })
  return {
    size,
    damagedSince: quarantined,
    holders,
    madeOf: madeOf.map(({ key }) => readEdgeKey(key).parent),
  }
}

async function heldIn(
  parts: RegistryParts,
  holder: { readonly project: string; readonly repo: string; readonly digest: Digest },
  names: NamesOf,
): Promise<HeldIn> {
  const { project, repo, digest } = holder
  const [link] = await parts.metadata.read([keys.link(repo, digest)])
  const edges = await parts.metadata.range({ prefix: keys.edges(repo, digest), limit: MOST })
  const uses: Use[] = []
  for (const { key } of edges) uses.push(await useOf(parts, repo, readEdgeKey(key).parent))
  const confirmed = link === undefined ? 0 : linkCodec.decode(link.value).confirmed
  return { project, repository: names.get(repo), digest, uses, sparedUntil: confirmed + parts.settings.grace }
}
