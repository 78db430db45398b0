import type { FileHandle } from 'node:fs/promises'
import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import {
  type BlockHandle,
  checkBlock,
  handlesIn,
  isUndamaged,
  openUnchecked,
  readBlock,
  readExactly,
  readHandle,
  TRAILER,
} from './table-block.ts'

const FOOTER = 48
/** Bytes that are read and compared in one go: a fraction of a millisecond. */
const PIECE = 128 << 10
const MAGIC = Buffer.from('57fb808b247547db', 'hex')

/** Throws StoreDamaged unless a table has the bytes that the MANIFEST says. */
export function checkSize({ size: found }: { readonly size: number }, size: number): void {
  if (found !== size) throw new StoreDamaged(`it has ${found} bytes instead of ${size}`)
}

/**
 * Throws StoreDamaged unless the parts of a table by which records are found are as they were written: LevelDB reads them
 * without a look at their checksums, and a bit that flipped in a filter makes records absent. `size` is what the MANIFEST
 * says. Gives where its records are.
 */
export async function checkTable(file: FileHandle, size: number): Promise<BlockHandle[]> {
  checkSize(await file.stat(), size)
  const { names, index } = await readFooter(file, size)
  for (const filter of handlesIn(await readBlock(file, names)))
    checkBlock(await readStored(file, filter), filter)
  return [...handlesIn(await readBlock(file, index))]
}

/**
 * Where the records of a table of `size` bytes are, as far as its index says so, which need not be what was written. Throws
 * StoreDamaged when nothing says so any more.
 */
export async function blocksOf(
  file: FileHandle,
  size: number,
): Promise<{ readonly blocks: readonly BlockHandle[]; readonly isSure: boolean }> {
  if (size < FOOTER) throw new StoreDamaged('it is too short for a table')
  const { index } = await readFooter(file, size)
  if (endOf(index) > size) throw new StoreDamaged('it says that its index lies behind its end')
  const stored = await readStored(file, index)
  const isSure = isUndamaged(stored, index)
  const blocks: BlockHandle[] = []
  try {
    for (const block of handlesIn(openUnchecked(stored, index)))
      if (endOf(block) <= index.at) blocks.push(block)
  } catch (error) {
    // A length in it makes no sense.
    if (!(error instanceof StoreDamaged || error instanceof RangeError)) throw error
  }
  return { blocks, isSure }
}

async function readFooter(
  file: FileHandle,
  size: number,
): Promise<{ readonly names: BlockHandle; readonly index: BlockHandle }> {
  const footer = await readExactly(file, size - FOOTER, FOOTER)
  if (!footer.subarray(-MAGIC.length).equals(MAGIC)) throw new StoreDamaged('it does not end as a table does')
  const cursor = new ByteCursor(footer)
  return { names: readHandle(cursor), index: readHandle(cursor) }
}

/** Throws StoreDamaged unless all records of a table are as they were written; `rest` is awaited after each piece. */
export async function checkTableRecords(
  file: FileHandle,
  blocks: readonly BlockHandle[],
  rest: () => Promise<void>,
): Promise<void> {
  for (const piece of piecesOf(blocks)) {
    const [first, last] = [piece.at(0)?.at ?? 0, endOf(piece.at(-1))]
    const stored = await readExactly(file, first, last - first)
    for (const block of piece) checkBlock(stored.subarray(block.at - first, endOf(block) - first), block)
    await rest()
  }
}

/** Blocks lie one behind the other, some kilobytes each. */
function* piecesOf(blocks: readonly BlockHandle[]): Generator<BlockHandle[]> {
  let piece: BlockHandle[] = []
  for (const block of blocks) {
    const [begun] = piece
    if (begun !== undefined && endOf(block) - begun.at > PIECE) {
      yield piece
      piece = []
    }
    piece.push(block)
  }
  if (piece.length > 0) yield piece
}

function endOf(block: BlockHandle | undefined): number {
  return block === undefined ? 0 : block.at + block.size + TRAILER
}

function readStored(file: FileHandle, { at, size }: BlockHandle): Promise<Buffer> {
  return readExactly(file, at, size + TRAILER)
}
