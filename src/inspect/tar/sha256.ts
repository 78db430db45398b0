import { hash } from 'node:crypto'

/** As text and back: a buffer that the digest makes itself costs as much as hashing two kilobytes. */
export function sha256Of(bytes: Buffer): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'binary')
}

export const EMPTY_SHA256 = sha256Of(Buffer.alloc(0))
