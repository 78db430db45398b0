import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'

/** Far beyond any block: a damaged length does not ask for all memory. */
const LONGEST = 1 << 28

/** What compressed bytes of snappy stand for. Throws StoreDamaged. */
export function unsnappy(compressed: Buffer): Buffer {
  const cursor = new ByteCursor(compressed)
  const whole = cursor.varint()
  if (whole > LONGEST) throw new StoreDamaged('it is compressed wrongly')
  const bytes = Buffer.alloc(whole)
  let at = 0
  while (!cursor.isAtEnd) {
    const [tag = 0] = cursor.take(1)
    const above = tag >>> 2
    if ((tag & 3) === 0) {
      const literal = cursor.take(literalLength(above, cursor))
      literal.copy(bytes, at)
      at += literal.length
    } else {
      const [length, back] = copyOf(tag, cursor)
      if (back === 0 || back > at) throw new StoreDamaged('it is compressed wrongly')
      // Byte for byte: a copy may read what it writes.
      for (const end = at + length; at < end; at += 1) bytes[at] = bytes[at - back] ?? 0
    }
  }
  if (at !== bytes.length) throw new StoreDamaged('it is compressed wrongly')
  return bytes
}

/** Above 59 that many bytes less 59 hold the length. */
function literalLength(above: number, cursor: ByteCursor): number {
  return 1 + (above < 60 ? above : cursor.uint(above - 59))
}

/** Length, and how far back. */
function copyOf(tag: number, cursor: ByteCursor): [number, number] {
  if ((tag & 3) === 1) return [4 + ((tag >>> 2) & 7), ((tag >>> 5) << 8) + cursor.uint(1)]
  return [1 + (tag >>> 2), cursor.uint((tag & 3) === 2 ? 2 : 4)]
}
