/** Archives made by hand, header by header, so that every oddity can be written. Texts are raw bytes (latin1). */

export interface HeaderParts {
  readonly name?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Written in octal; a text stands as it is. */
  readonly size?: number | string | Buffer
  readonly mtime?: number | string
  readonly type?: string
  readonly linkname?: string
  readonly magic?: string
  readonly uname?: string
  readonly gname?: string
  readonly major?: number
  readonly minor?: number
  readonly prefix?: string
  /** Bytes at an offset, written last but for the checksum. */
  readonly patch?: readonly (readonly [offset: number, bytes: string | Buffer])[]
  readonly checksum?: string
}

const DEFAULTS = {
  name: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 1_700_000_000,
  type: '0',
  linkname: '',
  magic: 'ustar\u000000',
  uname: '',
  gname: '',
  major: 0,
  minor: 0,
  prefix: '',
  patch: [],
}

/** One header block. */
export function header(own: HeaderParts): Buffer {
  const parts = { ...DEFAULTS, ...own }
  const block = Buffer.alloc(512)
  const put = (text: string, offset: number, length: number) =>
    block.write(text.slice(0, length), offset, 'latin1')
  const octal = (value: number | string | Buffer, offset: number, length: number) => {
    if (Buffer.isBuffer(value)) value.copy(block, offset, 0, length)
    else put(typeof value === 'string' ? value : value.toString(8).padStart(length - 1, '0'), offset, length)
  }
  put(parts.name, 0, 100)
  octal(parts.mode, 100, 8)
  octal(parts.uid, 108, 8)
  octal(parts.gid, 116, 8)
  octal(parts.size, 124, 12)
  octal(parts.mtime, 136, 12)
  put(parts.type, 156, 1)
  put(parts.linkname, 157, 100)
  put(parts.magic, 257, 8)
  put(parts.uname, 265, 32)
  put(parts.gname, 297, 32)
  octal(parts.major, 329, 8)
  octal(parts.minor, 337, 8)
  put(parts.prefix, 345, 155)
  for (const [offset, bytes] of parts.patch)
    block.set(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, offset)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(parts.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148, 8)
  return block
}

/** Content filled up to whole blocks. */
export function padded(content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** A header with its content. */
export function member(parts: HeaderParts, content: Buffer | string = ''): Buffer {
  const size = typeof content === 'string' ? Buffer.from(content, 'latin1').length : content.length
  return Buffer.concat([header({ size, ...parts }), padded(content)])
}

/** One record of an extended header, with the length that it needs. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
  return `${length}${rest}`
}

/** An extended header. */
export function pax(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const text = Object.entries(records)
    .map(([key, value]) => paxRecord(key, value))
    .join('')
  return member({ name: 'PaxHeaders/x', type }, text)
}

/** A long name or long link of GNU. */
export function longName(name: string, type: 'L' | 'K' = 'L'): Buffer {
  return member({ name: '././@LongLink', type, magic: 'ustar  \0' }, `${name}\0`)
}

export const END = Buffer.alloc(1024)

/** An archive of members, with its end. */
export function archive(...members: readonly Buffer[]): Buffer {
  return Buffer.concat([...members, END])
}
