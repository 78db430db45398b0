import type { SparseRange } from '../tar/sparse.ts'

/** A stretch of the stored bytes, and where a reader of the file sees it. */
interface Piece {
  readonly stored: number
  readonly seen: number
  readonly length: number
}

/** Bytes of a file, `end` exclusive. */
interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Bytes of a sparse file as its reader sees them: what lies between its ranges is zero. All that is stored of them is asked
 * for in one go, however many ranges there are: each reading may have to unpack the layer from its start.
 */
export async function readSparse(
  ranges: readonly SparseRange[],
  span: Span,
  stored: (start: number, end: number) => Promise<Buffer>,
): Promise<Buffer> {
  const whole = Buffer.alloc(span.end - span.start)
  const pieces = piecesOf(ranges, span)
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (first === undefined || last === undefined) return whole
  const bytes = await stored(first.stored, last.stored + last.length)
  for (const piece of pieces) {
    const at = piece.stored - first.stored
    bytes.copy(whole, piece.seen - span.start, at, at + piece.length)
  }
  return whole
}

/** In order: what is stored of each range stands behind that of the one before. */
function piecesOf(ranges: readonly SparseRange[], { start, end }: Span): Piece[] {
  const pieces: Piece[] = []
  let before = 0
  for (const { offset, length } of ranges) {
    const from = Math.max(offset, start)
    const to = Math.min(offset + length, end)
    if (to > from) pieces.push({ stored: before + from - offset, seen: from, length: to - from })
    before += length
  }
  return pieces
}
