/** How bytes are compressed, as their begin says. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** Bytes that tell. */
export const MAGIC_BYTES = 4

/** By the first four bytes; a stream of zstd may begin with a frame that is to be skipped (RFC 8878). */
export function compressionOf(magic: Buffer): Compression {
  const head = magic.toString('hex', 0, MAGIC_BYTES)
  if (head.startsWith('1f8b')) return 'gzip'
  return /^(?:28b52ffd|5[0-9a-f]2a4d18)$/.test(head) ? 'zstd' : 'none'
}
