import { join } from 'node:path'
import { z } from 'zod'
import { type Digest, digestHex } from '../../oci/digest.ts'

/**
 * ```
 * <backup>/backup.json              written last: what is here, and the digest of the records
 * <backup>/records.gz               every record, compressed
 * <backup>/blobs/sha256/ab/<hex>    the bytes of each blob, under their digest
 * ```
 */
export const DESCRIPTION = 'backup.json'
export const RECORDS = 'records.gz'
export const BLOBS = 'blobs/sha256'

export const FAN_OUT: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Where a backup keeps the bytes of a blob, below its directory. */
export function blobFile(sha256: Digest): string {
  const hex = digestHex(sha256)
  return join(BLOBS, hex.slice(0, 2), hex)
}

export const descriptionSchema = z.object({
  format: z.literal(1),
  taken: z.iso.datetime(),
  /** False: the bytes stay where the server has them, in a bucket. */
  hasBlobs: z.boolean(),
  records: z.number().int(),
  blobs: z.number().int(),
  bytes: z.number().int(),
  recordsSha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type BackupDescription = z.infer<typeof descriptionSchema>
