import { TarDamage } from './tar-damage.ts'
import { tarNumber } from './tar-number.ts'

export const BLOCK = 512

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
  const ustar = block.toString('latin1', 257, 263) === 'ustar\0'
  const gnu = block.toString('latin1', 257, 265) === 'ustar  \0'
  const named = ustar || gnu
  const size = tarNumber(block.subarray(124, 136), 'a size')
  if (size < 0) throw new TarDamage('a size is negative')
  return {
    name: ustar ? withPrefix(block) : text(block, 0, 100),
    mode: tarNumber(block.subarray(100, 108), 'a mode'),
    uid: tarNumber(block.subarray(108, 116), 'a uid'),
    gid: tarNumber(block.subarray(116, 124), 'a gid'),
    size,
    mtime: tarNumber(block.subarray(136, 148), 'a time'),
    type: String.fromCharCode(block[156] ?? 0),
    linkname: text(block, 157, 257),
    uname: named ? text(block, 265, 297) : '',
    gname: named ? text(block, 297, 329) : '',
    devmajor: named ? tarNumber(block.subarray(329, 337), 'a device number') : 0,
    devminor: named ? tarNumber(block.subarray(337, 345), 'a device number') : 0,
  }
}

/** POSIX joins a prefix; star keeps times behind a shorter one, and GNU keeps other things there. */
function withPrefix(block: Buffer): string {
  const star = block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = text(block, 345, star ? 476 : 500)
  const name = text(block, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

function text(block: Buffer, start: number, end: number): string {
  const zero = block.indexOf(0, start)
  return block.toString('latin1', start, zero < 0 || zero > end ? end : zero)
}

/** Old programs summed signed bytes: either sum will do. */
function checksumHolds(block: Buffer): boolean {
  let unsigned = 0
  let high = 0
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 32 : (block[at] ?? 0)
    unsigned += byte
    if (byte > 127) high += 256
  }
  const field = block.toString('latin1', 148, 156).replace(/^[ \0]+|[ \0]+$/g, '')
  if (!/^[0-7]+$/.test(field)) return false
  const written = Number.parseInt(field, 8)
  return written === unsigned || written === unsigned - high
}
