import { type FileHandle, open } from 'node:fs/promises'
import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { blocksOf } from './check-table.ts'
import { crc32c, masked } from './crc32c.ts'
import { type BlockHandle, isUndamaged, openUnchecked, readExactly, TRAILER } from './table-block.ts'

/** Sequence number and kind of a change, behind its key. */
const KEY_TRAILER = 8
const PUT = 1

/** A stored key, and what is stored there. */
type Pair = readonly [Uint8Array, Uint8Array]

/** What was taken out of a table. */
export interface TakenOut {
  /** What looks like stored keys and frames there; some are not what was written. */
  readonly frames: readonly Pair[]
  /** Whether LevelDB can go on with the rest: else all that could be found is in `frames`. */
  readonly isUsable: boolean
}

/** Takes damaged blocks out of the table at `path`, and leaves empty ones: LevelDB ends the process over some of them. */
export async function takeOutDamagedBlocks(path: string): Promise<TakenOut> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const { blocks, isSure } = await blocksOf(file, size).catch(unlessDamaged)
    const frames: Pair[] = []
    for (const handle of blocks) {
      const stored = await readExactly(file, handle.at, handle.size + TRAILER)
      if (isSure && isUndamaged(stored, handle)) continue
      frames.push(...framesIn(stored, handle))
      if (isSure) await blank(file, handle)
    }
    return { frames, isUsable: isSure }
  } finally {
    await file.close()
  }
}

function unlessDamaged(error: unknown): Awaited<ReturnType<typeof blocksOf>> {
  if (error instanceof StoreDamaged) return { blocks: [], isSure: false }
  throw error
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
    if (!(error instanceof StoreDamaged)) throw error
  }
  return found
}

/** At its end a block says at how many places its keys are whole. Of none of them LevelDB reads nothing. */
async function blank(file: FileHandle, { at, size }: BlockHandle): Promise<void> {
  const bytes = Buffer.alloc(size + TRAILER)
  bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, size + 1))), size + 1)
  await file.write(bytes, 0, bytes.length, at)
}
