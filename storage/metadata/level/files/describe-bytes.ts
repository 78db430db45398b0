import { crc32 } from 'node:zlib'

/** Says of the bytes of a file what they are: Node computes this checksum thirty times as fast as LevelDB's. */
export function describeBytes(bytes: Uint8Array): string {
  return `${bytes.length}:${crc32(bytes)}`
}
