import { type BlobLocation, blobLocation } from '../../storage/blobs/blob-store.ts'
import { type Transaction, transact, type Versioned } from '../../storage/metadata/transact.ts'
import { type Digest, digestAlgorithm } from '../oci/digest.ts'
import { aliasCodec, type BlobRecord, blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { uploadCodec } from '../records/upload.ts'
import { writeLink } from './links.ts'
import type { RegistryParts } from './parts.ts'
import type { Received } from './receive-chunk.ts'
import { checkRepository } from './repositories.ts'
import { trash } from './review.ts'
import {
  checkUnchanged,
  type Session,
  type SessionName,
  uploadUnknown,
  withoutWriter,
} from './upload-session.ts'

/**
 * For how long a repeated closing PUT gets its 201 again, unless open sessions live shorter. Bytes that a crash left with
 * a finished session, because the blob was there already, go then, too.
 */
const DONE_LIFE = 3_600_000

/** An upload whose bytes are all here and proven. */
export interface VerifiedUpload {
  readonly name: SessionName
  readonly session: Session
  readonly received: Received
  /** As the client names the blob. */
  readonly digest: Digest
  readonly sha256: Digest
}

/**
 * Makes a verified upload readable: bytes durable at a location first, then one commit that checks the upload, the
 * repository's name, the blob and the charge. When the same content is already here and healthy, its location stays
 * and the new bytes are dropped; when it is damaged or missing, the new ones replace it.
 */
export async function finishUpload(parts: RegistryParts, upload: VerifiedUpload): Promise<void> {
  const { received, sha256 } = upload
  let completed: BlobLocation | undefined
  const complete = async (): Promise<BlobLocation> => {
    completed ??= await parts.blobs.complete(received.state, received.offset, sha256)
    return completed
  }
  const kept = await transact(parts.metadata, async (transaction) => {
    await checkUnchanged(transaction, upload.name, upload.session)
    const repository = await checkRepository(transaction, upload.name.name, upload.session.record.repo)
    // The repository was deleted since the upload began: its session went with it.
    if (repository === undefined) throw uploadUnknown(upload.name)
    const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))
    const usable = blob !== undefined && (await isUsable(parts, blob.value, received.offset))
    await writeRest(transaction, parts, upload)
    const aliases = aliasesOf(blob?.value, upload.digest)
    if (!usable) {
      const content = { sha256, size: received.offset, old: blob, aliases }
      writeBlob(transaction, parts, content, await complete())
      return false
    }
    if (aliases.length > (blob.value.aliases?.length ?? 0))
      transaction.set(blobCodec, blob.key, { ...blob.value, aliases })
    if (completed !== undefined && completed !== blob.value.location) trash(transaction, parts, completed)
    return true
  })
  if (kept) parts.meter.knownBytes += received.offset
  // The blob is here, whatever becomes of these bytes: what cannot be removed now goes when the session is forgotten.
  if (kept && completed === undefined) await parts.blobs.abort(received.state).catch(() => undefined)
}

/** One look at the store: a push heals a blob whose bytes are gone or cut short. */
async function isUsable(parts: RegistryParts, blob: BlobRecord, size: number): Promise<boolean> {
  if (blob.quarantined !== undefined || blob.size !== size) return false
  return (await parts.blobs.size(blobLocation(blob.location))) === size
}

interface NewBlob {
  readonly sha256: Digest
  readonly size: number
  readonly old: Versioned<BlobRecord> | undefined
  readonly aliases: Digest[]
}

/** The digests beside its sha256 under which the content is known, `digest` included: they go when it goes. */
function aliasesOf(blob: BlobRecord | undefined, digest: Digest): Digest[] {
  const known = blob?.aliases ?? []
  return digestAlgorithm(digest) === 'sha256' || known.includes(digest) ? known : [...known, digest]
}

function writeBlob(
  transaction: Transaction,
  parts: RegistryParts,
  blob: NewBlob,
  location: BlobLocation,
): void {
  const now = parts.now()
  const { old, size, aliases } = blob
  transaction.set(blobCodec, keys.blob(blob.sha256), {
    size,
    location,
    created: old?.value.created ?? now,
    ...(aliases.length > 0 && { aliases }),
  })
  if (old?.value.quarantined !== undefined) transaction.delete(keys.damaged(blob.sha256))
  if (old !== undefined && old.value.location !== location) trash(transaction, parts, old.value.location)
}

async function writeRest(
  transaction: Transaction,
  parts: RegistryParts,
  upload: VerifiedUpload,
): Promise<void> {
  const { name, session, received, digest, sha256 } = upload
  const { repo, account } = session.record
  if (digestAlgorithm(digest) !== 'sha256') transaction.set(aliasCodec, keys.alias(digest), { sha256 })
  await writeLink(transaction, parts, { name: name.name, repo, digest, sha256, size: received.offset })
  transaction.set(uploadCodec, session.key, {
    ...withoutWriter(session.record),
    offset: received.offset,
    state: received.state,
    prefix: sha256,
    done: digest,
    expires: parts.now() + Math.min(DONE_LIFE, parts.settings.uploadExpiry),
  })
  transaction.delete(keys.uploadOf(account, name.id))
}
