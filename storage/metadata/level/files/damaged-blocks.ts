import { type FileHandle, open } from 'node:fs/promises'
import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { blocksOf } from './check-table.ts'
import { crc32c, masked } from './crc32c.ts'
import { type BlockHandle, checkBlock, openUnchecked, readExactly, TRAILER } from './table-block.ts'

/** Sequence number and kind of a change, behind its key. */
const KEY_TRAILER = 8
const PUT = 1

/** A stored key, and what is stored there. */
type Pair = readonly [Uint8Array, Uint8Array]

/** What was taken out of a table. */
export interface TakenOut {
  readonly blocks: number
  /** What looks like stored keys and frames there; some are not what was written. */
  readonly frames: readonly Pair[]
}

/**
 * Takes damaged blocks out of the table at `path`, and leaves empty ones: LevelDB ends the process over some of them. Undefined
 * when nothing in the table can be found any more.
 */
export async function takeOutDamagedBlocks(path: string): Promise<TakenOut | undefined> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const handles = await blocksOf(file, size).catch(undefinedIfDamaged)
    if (handles === undefined) return undefined
    const taken = { blocks: 0, frames: new Array<Pair>() }
    for (const handle of handles) {
      const stored = await readExactly(file, handle.at, handle.size + TRAILER)
      if (isWhole(stored, handle)) continue
      taken.blocks += 1
      taken.frames.push(...framesIn(stored, handle))
      await blank(file, handle)
    }
    return taken
  } finally {
    await file.close()
  }
}

function isWhole(stored: Buffer, handle: BlockHandle): boolean {
  try {
    checkBlock(stored, handle)
    return true
  } catch (error) {
    undefinedIfDamaged(error)
    return false
  }
}

/** Each key is what it shares with the one before, and the rest. */
function framesIn(stored: Buffer, handle: BlockHandle): Pair[] {
  const found: Pair[] = []
  try {
    const cursor = new ByteCursor(openUnchecked(stored, handle))
    for (let before = Buffer.alloc(0); !cursor.isAtEnd; ) {
      const [shared, rest, length] = [cursor.varint(), cursor.varint(), cursor.varint()]
      const key = Buffer.concat([before.subarray(0, shared), cursor.take(rest)])
      const value = cursor.take(length)
      if (key.at(-KEY_TRAILER) === PUT) found.push([key.subarray(0, -KEY_TRAILER), value])
      before = key
    }
  } catch (error) {
    undefinedIfDamaged(error)
  }
  return found
}

/** At its end a block says at how many places its keys are whole. Of none of them LevelDB reads nothing. */
async function blank(file: FileHandle, { at, size }: BlockHandle): Promise<void> {
  const bytes = Buffer.alloc(size + TRAILER)
  bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, size + 1))), size + 1)
  await file.write(bytes, 0, bytes.length, at)
}

function undefinedIfDamaged(error: unknown): undefined {
  if (error instanceof StoreDamaged) return undefined
  throw error
}
