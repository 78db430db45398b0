import { createHash, randomUUID } from 'node:crypto'
import {
  type BlobLocation,
  type BlobReader,
  blobLocation,
  type UploadState,
} from '../../../storage/blobs/blob-store.ts'
import { StoreDamaged } from '../../../storage/store-errors.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { BlobRecord } from '../../records/blob.ts'
import { nameField } from '../../records/fields.ts'
import { keys } from '../../records/keys.ts'
import { uploadCodec } from '../../records/upload.ts'
import type { MoveParts } from './place.ts'

/** How long bytes may wait in the target for their record before its own expiry takes them away, in milliseconds. */
const UNCLAIMED = 24 * 3_600_000
/** Stands where a push has its repository: a copy belongs to none. */
const NOBODY: RepositoryName = nameField.parse('migration')

/** Bytes that are in the target and proven, and the session to forget in the commit that makes them a blob. */
export interface CopiedBlob {
  readonly location: BlobLocation
  readonly session: Uint8Array
}

/**
 * Copies a blob's bytes and reads them back: what the target gives has the digest. Undefined when the source has not
 * the bytes that its record speaks of. Rejects with StoreDamaged when the target gives back other bytes.
 */
export async function copyBlob(
  parts: MoveParts,
  sha256: Digest,
  blob: BlobRecord,
): Promise<CopiedBlob | undefined> {
  const reader = await parts.source.blobs.read(blobLocation(blob.location))
  if (reader === undefined) return undefined
  const session = await openSession(parts)
  const received = await receive(parts, session.state, reader)
  if (received.digest !== sha256) {
    await closeSession(parts, { ...session, state: received.state })
    return undefined
  }
  const location = await parts.target.blobs.complete(received.state, reader.size, sha256)
  await verify(parts, location, sha256)
  parts.progress.blobs += 1
  parts.progress.bytes += reader.size
  return { location, session: session.key }
}

interface CopySession {
  readonly key: Uint8Array
  readonly state: UploadState
}

/** The target's record exists before the first byte, as with a push: a copy that is cut leaves nothing unaccounted. */
async function openSession({ target, now }: MoveParts): Promise<CopySession> {
  const id = randomUUID()
  const state = await target.blobs.create(id)
  const key = keys.upload(id)
  const value = uploadCodec.encode({
    name: NOBODY,
    repo: '0000000000000000',
    account: 'migration',
    offset: 0,
    state,
    prefix: digestFromBytes('sha256', createHash('sha256').digest()),
    created: now(),
    expires: now() + UNCLAIMED,
  })
  await target.metadata.commit({ checks: [], sets: [{ key, value }], deletes: [] })
  return { key, state }
}

async function closeSession({ target }: MoveParts, { key, state }: CopySession): Promise<void> {
  await target.blobs.abort(state)
  await target.metadata.commit({ checks: [], sets: [], deletes: [key] })
}

async function receive(
  { target }: MoveParts,
  state: UploadState,
  reader: BlobReader,
): Promise<{ readonly state: UploadState; readonly digest: Digest }> {
  const hash = createHash('sha256')
  const writer = await target.blobs.append(state, 0)
  let after: UploadState
  try {
    await reader.pump(async (chunk) => {
      hash.update(chunk)
      await writer.write(chunk)
    })
  } finally {
    after = await writer.close()
  }
  return { state: after, digest: digestFromBytes('sha256', hash.digest()) }
}

async function verify({ target }: MoveParts, location: BlobLocation, sha256: Digest): Promise<void> {
  const reader = await target.blobs.read(location)
  const hash = createHash('sha256')
  await reader?.pump((chunk) => {
    hash.update(chunk)
  })
  if (digestFromBytes('sha256', hash.digest()) !== sha256)
    throw new StoreDamaged(`the new storage gave back other bytes for ${sha256} than it was given`)
}
