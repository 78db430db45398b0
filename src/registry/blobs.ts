import type { BlobReader, RangesReader } from '../../storage/blobs/blob-store.ts'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import type { ByteRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { refuseImmutableChild } from './immutable-tags.ts'
import { confirmLink, dropLink, findLinked, isQuarantined, isStale } from './links.ts'
import { blobDamaged, openBlob, openRanges } from './open-blob.ts'
import type { RegistryParts } from './parts.ts'
import { findRepository } from './repositories.ts'

/** A blob as one repository shows it. */
export interface BlobView {
  readonly digest: Digest
  readonly size: number
  /** Opens the bytes; rejects with BLOB_UNKNOWN when they are not all there. */
  open(range?: ByteRange): Promise<BlobReader>
  /** As `open`, for ranges that are given one after the other. */
  openMany(ranges: readonly ByteRange[]): Promise<RangesReader>
  /** A URL at the store itself, good for `seconds`; undefined where it has none. */
  presign(seconds: number): Promise<string | undefined>
}

/** Whether the caller may push here. Asked only when the answer matters. */
export type MayPush = () => Promise<boolean>

/** For a look that tells no client what it need not send. */
export const mayNotPush: MayPush = () => Promise.resolve(false)

/**
 * Finds a blob in a repository. When the caller may push, "last confirmed" is renewed before the answer leaves.
 * Throws BLOB_UNKNOWN, also when the repository does not exist.
 */
export async function getBlob(
  parts: RegistryParts,
  name: RepositoryName,
  digest: Digest,
  mayPush: MayPush,
): Promise<BlobView> {
  const repository = await findRepository(parts.metadata, name)
  const found = repository && (await findLinked(parts.metadata, repository.id, digest))
  if (repository === undefined) throw blobUnknown(name, digest)
  if (found === undefined) throw await whyNot(parts, { name, repo: repository.id, digest })
  if (isStale(found.link.confirmed, parts) && (await mayPush())) {
    if (!(await confirmLink(parts, repository.id, digest))) throw blobUnknown(name, digest)
  }
  const { location, size } = found.blob
  const stored = { digest, sha256: found.link.sha256, location, size }
  return {
    digest,
    size,
    open: (range) => openBlob(parts, stored, range),
    openMany: (ranges) => openRanges(parts, stored, ranges),
    presign: (seconds) => parts.blobs.presign(blobLocation(location), seconds),
  }
}

async function whyNot(parts: RegistryParts, blob: MissingBlob): Promise<RegistryError> {
  const damaged = await isQuarantined(parts.metadata, blob.repo, blob.digest)
  return damaged ? blobDamaged(blob.digest) : blobUnknown(blob.name, blob.digest)
}

interface MissingBlob {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly digest: Digest
}

function blobUnknown(name: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', {
    message: `blob ${digest} is not in repository '${name}'`,
    detail: { name, digest },
  })
}

/** Removes a blob from one repository; others keep it. Throws BLOB_UNKNOWN, and DENIED when an immutable tag needs it. */
export async function unlinkBlob(parts: RegistryParts, name: RepositoryName, digest: Digest): Promise<void> {
  const repository = await findRepository(parts.metadata, name)
  if (repository === undefined) throw blobUnknown(name, digest)
  const repo = repository.id
  await transact(parts.metadata, async (transaction) => {
    const link = await transaction.getChecked(linkCodec, keys.link(repo, digest))
    if (link === undefined) throw blobUnknown(name, digest)
    await refuseImmutableChild(transaction, { name, repo, digest }, link.key)
    await dropLink(transaction, parts, { name, repo, digest, sha256: link.value.sha256 })
  })
}
