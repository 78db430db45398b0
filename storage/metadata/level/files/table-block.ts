import type { FileHandle } from 'node:fs/promises'
import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { crc32c, unmasked } from './crc32c.ts'
import { unsnappy } from './snappy.ts'

/** Behind each block: how it is compressed (1 byte), CRC (4). */
export const TRAILER = 5
const [PLAIN, SNAPPY] = [0, 1]

/** Where a block of a table is; its trailer follows. */
export interface BlockHandle {
  readonly at: number
  readonly size: number
}

export function readHandle(cursor: ByteCursor): BlockHandle {
  return { at: cursor.varint(), size: cursor.varint() }
}

/** Throws StoreDamaged unless they are all there. */
export async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at)
  if (bytesRead !== length) throw new StoreDamaged(`it ends in the middle of what begins at byte ${at}`)
  return buffer
}

/** What the block holds, as it was written. Throws StoreDamaged. */
export async function readBlock(file: FileHandle, handle: BlockHandle): Promise<Buffer> {
  return openBlock(await readExactly(file, handle.at, handle.size + TRAILER), handle)
}

/** Throws StoreDamaged when `stored`, a block and its trailer, is not what was written. */
export function checkBlock(stored: Buffer, handle: BlockHandle): void {
  if (!isUndamaged(stored, handle)) throw new StoreDamaged(`its block at byte ${handle.at} is damaged`)
}

/** Whether it is. */
export function isUndamaged(stored: Buffer, { size }: BlockHandle): boolean {
  return crc32c(stored.subarray(0, size + 1)) === unmasked(stored.readUInt32LE(size + 1))
}

/** Where the blocks lie that an index names. */
export function* handlesIn(index: Buffer): Generator<BlockHandle> {
  const restarts = index.readUInt32LE(index.length - 4)
  const cursor = new ByteCursor(index.subarray(0, index.length - 4 * (restarts + 1)))
  while (!cursor.isAtEnd) {
    cursor.varint()
    const [key, value] = [cursor.varint(), cursor.varint()]
    cursor.take(key)
    yield readHandle(new ByteCursor(cursor.take(value)))
  }
}

function openBlock(stored: Buffer, handle: BlockHandle): Buffer {
  checkBlock(stored, handle)
  return openUnchecked(stored, handle)
}

/** The same of a block that need not be what was written. Throws StoreDamaged. */
export function openUnchecked(stored: Buffer, handle: BlockHandle): Buffer {
  const [bytes, kind] = [stored.subarray(0, handle.size), stored.readUInt8(handle.size)]
  if (kind === PLAIN) return bytes
  if (kind === SNAPPY) return unsnappy(bytes)
  throw new StoreDamaged(`its block at byte ${handle.at} is compressed in a way that is not known`)
}
