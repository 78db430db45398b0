import { crc32 } from 'node:zlib'
import { StoreDamaged } from '../../store-errors.ts'
import type { Stored } from '../metadata-store.ts'

/**
 * A value on disk: CRC-32 (4 bytes, the one of zlib), version (8 bytes, big-endian), value.
 * The CRC covers the stored key too, so bytes that stand under the wrong key are found as well.
 */
const VERSION_AT = 4
const VALUE_AT = 12

/** A copy of `value` with room before it; `sealFrame` completes it. */
export function prepareFrame(value: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(VALUE_AT + value.length)
  frame.set(value, VALUE_AT)
  return frame
}

/** Writes version and CRC into a prepared frame. */
export function sealFrame(key: Uint8Array, frame: Buffer, version: bigint): void {
  frame.writeBigUInt64BE(version, VERSION_AT)
  frame.writeUInt32BE(checksum(key, frame), 0)
}

/** What the frame under the stored `key` says; the value shares its bytes. Throws StoreDamaged, naming the key in hex. */
export function openFrame(key: Uint8Array, frame: Uint8Array): Stored {
  const version = versionOf(key, frame)
  return {
    value: new Uint8Array(frame.buffer, frame.byteOffset + VALUE_AT, frame.length - VALUE_AT),
    version,
  }
}

/** Bytes of the value in a frame. */
export function valueLength(frame: Uint8Array): number {
  return Math.max(0, frame.length - VALUE_AT)
}

/** The version alone, checked as `openFrame` does. Throws StoreDamaged. */
export function versionOf(key: Uint8Array, frame: Uint8Array): bigint {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < VALUE_AT || view.getUint32(0) !== checksum(key, frame)) {
    // Without its first byte the stored key is the one that callers know.
    const hex = Buffer.from(key.subarray(1)).toString('hex')
    throw new StoreDamaged(`the record under key ${hex} is damaged: its checksum does not match`)
  }
  return view.getBigUint64(VERSION_AT)
}

function checksum(key: Uint8Array, frame: Uint8Array): number {
  return crc32(frame.subarray(VERSION_AT), crc32(key))
}
