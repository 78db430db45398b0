import { hash } from 'node:crypto'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../oci/digest.ts'

/** The digest of bytes that are all here. */
export function digestOf(algorithm: DigestAlgorithm, bytes: Uint8Array): Digest {
  return digestFromBytes(algorithm, hash(algorithm, bytes, 'buffer'))
}
