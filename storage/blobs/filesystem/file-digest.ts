import { createHash } from 'node:crypto'
import { type Digest, digestAlgorithm, digestHex } from '../../../src/oci/digest.ts'
import type { BufferPool } from '../buffer-pool.ts'
import type { OpenFile } from './file-system.ts'

/** Whether the first `length` bytes of the file are what the digest names. */
export async function matchesDigest(
  file: OpenFile,
  pool: BufferPool,
  length: number,
  digest: Digest,
): Promise<boolean> {
  const hash = createHash(digestAlgorithm(digest))
  const buffer = pool.lend(length)
  try {
    let position = 0
    while (position < length) {
      const count = await file.read(buffer, 0, Math.min(buffer.length, length - position), position)
      if (count === 0) return false
      hash.update(buffer.subarray(0, count))
      position += count
    }
  } finally {
    pool.giveBack(buffer)
  }
  return hash.digest('hex') === digestHex(digest)
}
