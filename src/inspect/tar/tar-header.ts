import { TarDamage } from './tar-damage.ts'
import { octal, tarNumber } from './tar-number.ts'

export const BLOCK = 512
/** `ustar\0`, and the first bytes of GNU's `ustar  \0`. */
const USTAR = 0x757374617200
const GNU = 0x757374617220
/** `tar\0`, at the end of star's headers. */
const STAR = 0x74617200

/** A header block as it stands. Texts are raw bytes, one character each (latin1). */
export interface TarHeader {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly type: string
  readonly linkname: string
  readonly uname: string
  readonly gname: string
  readonly devmajor: number
  readonly devminor: number
}

/** Reads a header block; undefined when it is all zero. Throws TarDamage. */
export function parseHeader(block: Buffer): TarHeader | undefined {
  if (!checksumHolds(block)) {
    if (block.every((byte) => byte === 0)) return undefined
    throw new TarDamage('a header has a wrong checksum')
  }
  const magic = block.readUIntBE(257, 6)
  const ustar = magic === USTAR
  const gnu = magic === GNU && block.readUInt16BE(263) === 0x2000
  const named = ustar || gnu
  const size = tarNumber(block, 124, 136, 'a size')
  if (size < 0) throw new TarDamage('a size is negative')
  return {
    name: ustar ? withPrefix(block) : gnu ? withOldPrefix(block) : text(block, 0, 100),
    mode: tarNumber(block, 100, 108, 'a mode'),
    uid: tarNumber(block, 108, 116, 'a uid'),
    gid: tarNumber(block, 116, 124, 'a gid'),
    size,
    mtime: tarNumber(block, 136, 148, 'a time'),
    type: String.fromCharCode(block[156] ?? 0),
    linkname: text(block, 157, 257),
    uname: named ? text(block, 265, 297) : '',
    gname: named ? text(block, 297, 329) : '',
    devmajor: named ? tarNumber(block, 329, 337, 'a device number') : 0,
    devminor: named ? tarNumber(block, 337, 345, 'a device number') : 0,
  }
}

/** POSIX joins a prefix; star keeps times behind a shorter one, and GNU keeps other things there. */
function withPrefix(block: Buffer): string {
  const star = block.readUInt32BE(508) === STAR
  const prefix = text(block, 345, star ? 476 : 500)
  const name = text(block, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Go before 1.8, which docker was made with, wrote a prefix where GNU keeps two times: what is no time is one. */
function withOldPrefix(block: Buffer): string {
  const name = text(block, 0, 100)
  if (isTime(block, 345) && isTime(block, 357)) return name
  const prefix = text(block, 345, 500)
  return prefix === '' || /[\u0080-\u00ff]/.test(prefix) ? name : `${prefix}/${name}`
}

function isTime(block: Buffer, at: number): boolean {
  const first = block[at] ?? 0
  return first === 0 || (first & 0x80) !== 0 || octal(block, at, at + 12) !== undefined
}

function text(block: Buffer, start: number, end: number): string {
  if (block[start] === 0) return ''
  const zero = block.indexOf(0, start)
  return block.toString('latin1', start, zero < 0 || zero > end ? end : zero)
}

/** Old programs summed signed bytes: either sum will do. The field itself counts as spaces. */
function checksumHolds(block: Buffer): boolean {
  const written = octal(block, 148, 156)
  if (written === undefined || written === 0) return false
  SUMMED.set(block)
  SUMMED.fill(0x20, 148, 156)
  const sum = sumOfWords()
  return written === sum || written === sum - 256 * SUMMED.reduce((count, byte) => count + (byte >> 7), 0)
}

/** A header whose sum is taken, also as words: four bytes at once, which each archive does for each of its entries. */
const SUMMED = new Uint8Array(BLOCK)
const WORDS = new Uint32Array(SUMMED.buffer)

/** Two sums of 256 bytes stand in one number: neither reaches 2^16. */
function sumOfWords(): number {
  let pair = 0
  // By index and kept to 32 bits, which takes a quarter of the time of walking through the array.
  for (let at = 0; at < WORDS.length; at++) {
    const word = WORDS[at] ?? 0
    pair = (pair + (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff)) >>> 0
  }
  return (pair & 0xffff) + (pair >>> 16)
}
