import type { BlobReader, RangesReader } from '../../storage/blobs/blob-store.ts'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { StoreDamaged, StoreUnavailable } from '../../storage/store-errors.ts'
import type { ByteRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RegistryParts } from './parts.ts'
import { quarantine } from './quarantine.ts'

/** A blob's bytes, and what the client calls them. */
export interface StoredBlob {
  readonly digest: Digest
  readonly sha256: Digest
  readonly location: string
  readonly size: number
}

/**
 * Opens a blob's bytes. Finding some of them missing, now or while they are pumped, quarantines the blob and rejects
 * with BLOB_UNKNOWN: a transfer under way breaks, it never ends as if it were whole.
 */
export async function openBlob(
  parts: RegistryParts,
  blob: StoredBlob,
  range: ByteRange | undefined,
): Promise<BlobReader> {
  const reader = await watched(parts, blob, async () =>
    whole(blob, await parts.blobs.read(blobLocation(blob.location), range)),
  )
  return {
    size: reader.size,
    pump: (sink, signal) => watched(parts, blob, () => reader.pump(sink, signal)),
    close: () => reader.close(),
  }
}

/** As openBlob, for ranges that are given one after the other. */
export async function openRanges(
  parts: RegistryParts,
  blob: StoredBlob,
  ranges: readonly ByteRange[],
): Promise<RangesReader> {
  const reader = await watched(parts, blob, async () =>
    whole(blob, await parts.blobs.readMany(blobLocation(blob.location), ranges)),
  )
  return {
    size: reader.size,
    pump: (sink) => watched(parts, blob, () => reader.pump(sink)),
    close: () => reader.close(),
  }
}

async function whole<Reader extends BlobReader | RangesReader>(
  { location, size }: StoredBlob,
  reader: Reader | undefined,
): Promise<Reader> {
  if (reader === undefined) throw new StoreDamaged(`nothing is at ${location}`)
  if (reader.size === size) return reader
  await reader.close()
  throw new StoreDamaged(`${reader.size} bytes are at ${location} instead of ${size}`)
}

/** All bytes of a blob were read, and have another digest. */
export class OtherBytes extends StoreDamaged {}

async function watched<Result>(
  parts: RegistryParts,
  blob: StoredBlob,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StoreDamaged)) throw error
    if (!(error instanceof OtherBytes)) await lookAgain(parts, blob, error)
    await quarantine(parts, { sha256: blob.sha256, location: blob.location, why: error.message })
    throw blobDamaged(blob.digest, error)
  }
}

/**
 * Before a blob is given up that is missing or too short: a disk that is not mounted, or a bucket that is not ours, has
 * the bytes of none, and an engine can be wrong once. Throws StoreUnavailable then.
 */
async function lookAgain({ blobs }: RegistryParts, blob: StoredBlob, cause: StoreDamaged): Promise<void> {
  const { location, size } = blob
  await blobs.check()
  if ((await blobs.size(blobLocation(location))) === size)
    throw new StoreUnavailable(`all ${size} bytes are at ${location}, and were not given`, { cause })
}

export function blobDamaged(digest: Digest, cause?: unknown): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', {
    message: `the stored bytes of ${digest} are damaged; push it again, that replaces them`,
    detail: { digest },
    cause,
  })
}
