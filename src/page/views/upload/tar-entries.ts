/** An entry of a tar archive: where its headers begin, and its last block ends. */
export interface TarEntry {
  readonly path: string
  /** Only files have content. */
  readonly isFile: boolean
  readonly size: number
  readonly from: number
  readonly to: number
}

const BLOCK = 512
/** Bytes of a long name or of extended headers: more is not understood here. */
const LONG = 1024 * 1024

/**
 * The entries of an archive on this machine, read a header at a time, however large it is. Undefined for what is
 * compressed, or odd in any way: that is the registry's to judge.
 */
export async function tarEntries(archive: Blob): Promise<TarEntry[] | undefined> {
  const entries: TarEntry[] = []
  let at = 0
  while (at < archive.size) {
    const found = await readEntry(archive, at)
    if (found === 'end') return entries
    if (found === undefined || found.to > archive.size) return undefined
    entries.push(found)
    at = found.to
  }
  return undefined
}

/** What headers before an entry's own say of it. */
interface Long {
  readonly path?: string
  readonly size?: number
}

async function readEntry(archive: Blob, from: number): Promise<TarEntry | 'end' | undefined> {
  let long: Long = {}
  let at = from
  for (;;) {
    const block = await bytesOf(archive, at, BLOCK)
    if (block.length < BLOCK) return undefined
    if (block.every((byte) => byte === 0)) return at === from ? 'end' : undefined
    const size = isHeader(block) ? sizeIn(block) : undefined
    if (size === undefined) return undefined
    const type = String.fromCharCode(block[156] ?? 0)
    if (!'xgLK'.includes(type)) return entryOf(block, { type, size, long, from, at })
    if (size > LONG) return undefined
    long = { ...long, ...longIn(type, textOf(await bytesOf(archive, at + BLOCK, size))) }
    at += BLOCK + blocks(size)
  }
}

function entryOf(
  block: Uint8Array,
  is: {
    readonly type: string
    readonly size: number
    readonly long: Long
    readonly from: number
    readonly at: number
  },
): TarEntry {
  const isFile = is.type === '0' || is.type === '\0'
  const size = isFile ? (is.long.size ?? is.size) : 0
  return {
    path: is.long.path ?? nameIn(block),
    isFile,
    size,
    from: is.from,
    to: is.at + BLOCK + blocks(size),
  }
}

/** `L`: a name in GNU's form. `x`: POSIX. The rest says nothing that is asked for here. */
function longIn(type: string, text: string): Long {
  if (type === 'L') return { path: text.replace(/\0.*$/s, '') }
  return type === 'x' ? recordsIn(text) : {}
}

async function bytesOf(archive: Blob, from: number, length: number): Promise<Uint8Array> {
  return new Uint8Array(await archive.slice(from, from + length).arrayBuffer())
}

function blocks(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

function isHeader(block: Uint8Array): boolean {
  const sum = block.reduce((total, byte, place) => total + (place >= 148 && place < 156 ? 32 : byte), 0)
  return Number.parseInt(textOf(block.subarray(148, 156)), 8) === sum
}

/** Octal digits, or GNU's binary form for 8 GiB and more. */
function sizeIn(block: Uint8Array): number | undefined {
  if (((block[124] ?? 0) & 0x80) !== 0) {
    const large = Number(new DataView(block.buffer, block.byteOffset + 128, 8).getBigUint64(0))
    return Number.isSafeInteger(large) ? large : undefined
  }
  const digits = textOf(block.subarray(124, 136)).replaceAll(/[\0 ]/g, '')
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined
}

function nameIn(block: Uint8Array): string {
  const name = upToZero(block.subarray(0, 100))
  const prefix = textOf(block.subarray(257, 263)) === 'ustar\0' ? upToZero(block.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** POSIX "pax Extended Header": records of `LENGTH KEY=VALUE\n`, the length in bytes. */
function recordsIn(text: string): Long {
  const [, path] = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text) ?? []
  const [, size] = /(?:^|\n)\d+ size=(\d+)\n/.exec(text) ?? []
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size: Number(size) }) }
}

function upToZero(bytes: Uint8Array): string {
  return textOf(bytes).replace(/\0.*$/s, '')
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
