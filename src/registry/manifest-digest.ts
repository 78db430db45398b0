import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../oci/digest.ts'

/** Bytes that are hashed in one go, in a quarter of a millisecond. */
const STEP = 256 * 1024

/** The digest of bytes that are all here; others get their turn between the steps. */
export async function digestOf(algorithm: DigestAlgorithm, bytes: Uint8Array): Promise<Digest> {
  const hash = createHash(algorithm)
  for (const step of inSteps(bytes)) {
    hash.update(step)
    if (step.length === STEP) await setImmediate()
  }
  return digestFromBytes(algorithm, hash.digest())
}

/** The same bytes as a list of short views. */
export function* inSteps(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += STEP) yield bytes.subarray(at, at + STEP)
}
