import { crc32c, unmasked } from './crc32c.ts'

const BLOCK = 32_768
/** CRC (4 bytes), length (2), kind (1). */
const HEADER = 7
/** Of whole records, and of the last part of one; between them are the first and those in the middle. */
const [FULL, MIDDLE, LAST] = [1, 3, 4]

/** What one writer wrote at once. */
export interface LogRecord {
  readonly bytes: Buffer
  /** Bytes of the file up to its end. */
  readonly end: number
  /** Bytes that are no records come before it, and behind the record before. */
  readonly afterDamage: boolean
}

/**
 * The whole records of a log or manifest of LevelDB. Behind damage LevelDB goes on with the next block; here what follows it
 * in the same block is found, too.
 */
export function* logRecords(log: Buffer): Generator<LogRecord> {
  let begun: Buffer[] | undefined
  let afterDamage = false
  for (const fragment of fragments(log)) {
    const continues = fragment?.kind === MIDDLE || fragment?.kind === LAST
    if (fragment === undefined || continues !== (begun !== undefined)) afterDamage = true
    if (fragment === undefined || (continues && begun === undefined)) {
      begun = undefined
      continue
    }
    begun = continues ? [...(begun ?? []), fragment.bytes] : [fragment.bytes]
    if (fragment.kind !== FULL && fragment.kind !== LAST) continue
    yield { bytes: Buffer.concat(begun), end: fragment.end, afterDamage }
    begun = undefined
    afterDamage = false
  }
}

interface Fragment {
  readonly kind: number
  readonly end: number
  readonly bytes: Buffer
}

/** Undefined stands for bytes that make no sense. */
function* fragments(log: Buffer): Generator<Fragment | undefined> {
  for (let block = 0; block < log.length; block += BLOCK) {
    const bytes = log.subarray(block, block + BLOCK)
    let isDamaged = false
    for (let at = 0; at + HEADER <= bytes.length; ) {
      const fragment = fragmentAt(bytes, at)
      if (fragment === undefined) at += 1
      else at += HEADER + fragment.bytes.length
      if (fragment !== undefined) yield { ...fragment, end: block + at }
      else if (!isDamaged) yield undefined
      isDamaged = fragment === undefined
    }
  }
}

function fragmentAt(block: Buffer, at: number): Omit<Fragment, 'end'> | undefined {
  const end = at + HEADER + block.readUInt16LE(at + 4)
  const kind = block.readUInt8(at + 6)
  if (kind < FULL || kind > LAST || end > block.length) return undefined
  if (crc32c(block.subarray(at + 6, end)) !== unmasked(block.readUInt32LE(at))) return undefined
  return { kind, bytes: block.subarray(at + HEADER, end) }
}
