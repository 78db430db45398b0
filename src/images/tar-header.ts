import { BLOCK } from '../inspect/tar/tar-header.ts'

/** What eleven octal digits hold. */
const OCTAL_LIMIT = 8 ** 11
/** Bytes of a name in a header itself; that of content under its sha512 is longer. */
const NAME_LIMIT = 100

/** The header of a file in an archive: the same bytes for the same name and size, whoever writes it, and when. */
export function tarHeader(name: string, size: number): Buffer {
  const own = headerBlock(name, size, '0')
  return name.length > NAME_LIMIT ? Buffer.concat([extendedHeader(name), own]) : own
}

/** POSIX' way to write a long name. */
function extendedHeader(name: string): Buffer {
  const rest = ` path=${name}\n`
  // Its length counts itself: three digits.
  const record = Buffer.from(`${rest.length + 3}${rest}`)
  return Buffer.concat([
    headerBlock('PaxHeaders/name', record.length, 'x'),
    record,
    tarPadding(record.length),
  ])
}

function headerBlock(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, NAME_LIMIT, 'latin1')
  block.write('0000644\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  writeSize(block, size)
  block.write('00000000000\0', 136, 'latin1')
  block.write(`        ${type}`, 148, 'latin1')
  block.write('ustar\u000000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** GNU's binary form for 8 GiB and more, which Go's reader and every tar of today know. */
function writeSize(block: Buffer, size: number): void {
  if (size < OCTAL_LIMIT) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
    return
  }
  block[124] = 0x80
  block.writeBigUInt64BE(BigInt(size), 128)
}

/** Zeros that fill the last block of a file. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** What ends an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK)
