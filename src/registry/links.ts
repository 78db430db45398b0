import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { type BlobRecord, blobCodec, contentCodec, type LinkRecord, linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import type { KeepingParts, RegistryParts } from './parts.ts'
import { type Owned, queueReview, reviewBlob } from './review.ts'
import { noteUsage } from './usage.ts'

/** Content that may be read in a repository. */
export interface LinkedBlob {
  readonly link: LinkRecord
  readonly blob: BlobRecord
}

/**
 * The blob that `digest` leads to in the repository. A quarantined blob is answered as absent, so that clients send
 * it again and thereby heal it.
 */
export async function findLinked(
  metadata: MetadataStore,
  repo: RepositoryId,
  digest: Digest,
): Promise<LinkedBlob | undefined> {
  const linked = await readLinked(metadata, repo, digest)
  return linked?.blob.quarantined === undefined ? linked : undefined
}

/** Whether the digest leads to a blob that is answered as absent because its bytes are damaged. */
export async function isQuarantined(
  metadata: MetadataStore,
  repo: RepositoryId,
  digest: Digest,
): Promise<boolean> {
  return (await readLinked(metadata, repo, digest))?.blob.quarantined !== undefined
}

async function readLinked(
  metadata: MetadataStore,
  repo: RepositoryId,
  digest: Digest,
): Promise<LinkedBlob | undefined> {
  const [linked] = await metadata.read([keys.link(repo, digest)])
  if (linked === undefined) return undefined
  const link = linkCodec.decode(linked.value)
  const [stored] = await metadata.read([keys.blob(link.sha256)])
  return stored && { link, blob: blobCodec.decode(stored.value) }
}

/** Where content is linked, and what it is. */
export interface NewLink {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly digest: Digest
  readonly sha256: Digest
  readonly size: number
}

/**
 * Makes content readable in a repository: link, its reverse, the project's charge, and a review. The caller checks or
 * writes the blob's record in the same commit, which is the owner of its holders. Throws DENIED beyond the quota.
 */
export async function writeLink(
  transaction: Transaction,
  parts: KeepingParts & Pick<RegistryParts, 'quotas'>,
  link: NewLink,
): Promise<void> {
  const { repo, digest, sha256, size } = link
  const project = projectOf(link.name)
  const at = parts.now()
  transaction.set(linkCodec, keys.link(repo, digest), { sha256, confirmed: at })
  transaction.set(contentCodec, keys.holder(sha256, project, repo, digest), { size })
  const charged = await transaction.getChecked(contentCodec, keys.charge(project, sha256))
  if (charged === undefined) {
    await parts.quotas.check(project, size)
    transaction.set(contentCodec, keys.charge(project, sha256), { size })
    noteUsage(transaction, project, size)
  }
  queueReview(transaction, {
    due: at + parts.settings.grace + 1,
    kind: 'link',
    name: link.name,
    repo,
    digest,
  })
}

/** A link with what it leads to. */
export interface HeldLink extends Owned {
  readonly sha256: Digest
}

/**
 * Takes content from a repository: the link, whose version the caller checks, its reverse, and with the last holder of
 * a project its charge. The content itself is reviewed later: it may be held elsewhere.
 */
export async function dropLink(transaction: Transaction, parts: KeepingParts, link: HeldLink): Promise<void> {
  const { name, repo, sha256 } = link
  const holder = holderOf(link)
  const inProject = keys.holdersInProject(sha256, projectOf(name))
  const holders = await transaction.range({ prefix: inProject, limit: 2 })
  const other = holders.find(({ key }) => Buffer.compare(key, holder) !== 0)
  // With the last holder of a project goes its charge; of two that go at once, one has to see that it is the last.
  if (other !== undefined) {
    transaction.checkExists(other.key)
    deleteLink(transaction, link)
  } else {
    transaction.checkRange(keys.blob(sha256), inProject, holders)
    await dropLastLink(transaction, link)
  }
  reviewBlob(transaction, parts, { name, repo, digest: sha256 })
}

/** The same where the caller checks that no other repository of the project holds the content, and sees to it. */
export async function dropLastLink(transaction: Transaction, link: HeldLink): Promise<void> {
  const project = projectOf(link.name)
  const charge = await transaction.getChecked(contentCodec, keys.charge(project, link.sha256))
  deleteLink(transaction, link)
  if (charge === undefined) return
  transaction.delete(charge.key)
  noteUsage(transaction, project, -charge.value.size)
}

/** The reverse of a link. */
export function holderOf({ name, repo, digest, sha256 }: HeldLink): Uint8Array {
  return keys.holder(sha256, projectOf(name), repo, digest)
}

function deleteLink(transaction: Transaction, link: HeldLink): void {
  transaction.delete(keys.link(link.repo, link.digest))
  transaction.delete(holderOf(link))
}

/** Whether what a client was told long ago must be written down again before it is told once more. */
export function isStale(confirmed: number, parts: KeepingParts): boolean {
  return parts.now() - confirmed > parts.settings.grace / 4
}

/**
 * Renews "last confirmed": a client that is told "exists" will not send the blob, so it has to stay. Of many that are told
 * at once, one does it for all: each of the others would lose to the next. False: it is gone.
 */
export function confirmLink(parts: KeepingParts, repo: RepositoryId, digest: Digest): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const link = await transaction.getChecked(linkCodec, keys.link(repo, digest))
    if (link === undefined) return false
    if (!isStale(link.value.confirmed, parts)) return true
    transaction.set(linkCodec, link.key, { ...link.value, confirmed: parts.now() })
    return true
  })
}
