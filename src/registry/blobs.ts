import type { BlobReader, RangesReader } from '../../storage/blobs/blob-store.ts'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'
import type { ByteRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { refuseImmutableChild } from './immutable-tags.ts'
import { confirmLink, dropLink, findLinked, isStale } from './links.ts'
import type { RegistryParts } from './parts.ts'
import { findRepository } from './repositories.ts'

/** A blob as one repository shows it. */
export interface BlobView {
  readonly digest: Digest
  readonly size: number
  /** Opens the bytes; rejects with StoreDamaged when they are not there. */
  open(range?: ByteRange): Promise<BlobReader>
  /** As `open`, for ranges that are given one after the other. */
  openMany(ranges: readonly ByteRange[]): Promise<RangesReader>
  /** A URL at the store itself, good for `seconds`; undefined where it has none. */
  presign(seconds: number): Promise<string | undefined>
}

/** Whether the caller may push here. Asked only when the answer matters. */
export type MayPush = () => Promise<boolean>

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
  if (repository === undefined || found === undefined) throw blobUnknown(name, digest)
  if (isStale(found.link.confirmed, parts) && (await mayPush())) {
    if (!(await confirmLink(parts, repository.id, digest))) throw blobUnknown(name, digest)
  }
  const { size } = found.blob
  const location = blobLocation(found.blob.location)
  const whole = async <Reader extends BlobReader | RangesReader>(
    reader: Reader | undefined,
  ): Promise<Reader> => {
    if (reader === undefined) throw new StoreDamaged(`bytes of ${digest} are missing at ${location}`)
    if (reader.size === size) return reader
    await reader.close()
    throw new StoreDamaged(`${digest} has ${reader.size} bytes at ${location} instead of ${size}`)
  }
  return {
    digest,
    size,
    open: async (range) => whole(await parts.blobs.read(location, range)),
    openMany: async (ranges) => whole(await parts.blobs.readMany(location, ranges)),
    presign: (seconds) => parts.blobs.presign(location, seconds),
  }
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
