import { UploadGone } from '../../storage/blobs/blob-store.ts'
import type { UploadRecord } from '../records/upload.ts'
import type { Chunk } from './chunk.ts'
import type { RegistryParts } from './parts.ts'
import { type HashCache, RunningHash } from './running-hash.ts'
import { SavableSha256 } from './savable-sha256.ts'

/**
 * The hash at the session's offset: from memory, from the record, or by reading the bytes again, which their digest
 * must prove. Undefined when the bytes are not there, or cannot be read.
 */
export async function resumeHash(
  { blobs }: RegistryParts,
  hashes: HashCache,
  session: { readonly id: string; readonly record: UploadRecord; readonly chunk: Chunk },
): Promise<RunningHash | undefined> {
  const { id, record, chunk } = session
  const { offset, hash: saved, algorithm } = record
  const kept = hashes.take(id, offset)
  // A client that says which bytes it sends will send more, and perhaps to another process.
  const inChunks = offset === 0 && chunk.range !== undefined && !blobs.readsUploads
  if (inChunks) return RunningHash.savable(await SavableSha256.create(), 0)
  if (kept !== undefined) return kept
  if (saved !== undefined) return RunningHash.savable(await SavableSha256.create(saved), offset)
  const hash = new RunningHash(algorithm)
  if (offset === 0) return hash
  try {
    const reader = await blobs.readUpload(record.state, offset)
    await reader.pump((bytes) => hash.update(bytes))
  } catch (error) {
    if (error instanceof UploadGone) return undefined
    throw error
  }
  return hash.offset === offset && hash.sha256() === record.prefix ? hash : undefined
}
