import type { PaxRecords } from './pax.ts'
import { paxNumber } from './pax.ts'
import { pairs, parseRangeList, type SparseRange } from './sparse.ts'
import { TarDamage } from './tar-damage.ts'
import type { EntryType, Oddity, TarEntry } from './tar-entry.ts'
import type { TarHeader } from './tar-header.ts'

/** What came before an entry's own header and belongs to it. */
export interface Preamble {
  readonly offset: number
  readonly pax: PaxRecords
  readonly longName: string | undefined
  readonly longLink: string | undefined
}

/** An entry before its content is read. */
export interface Draft {
  readonly entry: Omit<TarEntry, 'sha256' | 'contentOffset'>
  /** Bytes that follow the header, before padding. */
  readonly stored: number
  /** The sparse map stands before the data (GNU PAX 1.0). */
  readonly mapInData: boolean
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'dir',
  '6': 'fifo',
}
const XATTR_LIMIT = 256

/**
 * Joins a header with what came before it, as Go's reader does (docs/decisions/083): a long name counts before an extended
 * header, that before the header's own fields; its size also says how many bytes follow. Throws TarDamage.
 */
export function draftEntry(header: TarHeader, before: Preamble): Draft {
  const pax = effective(before)
  const announced = numberOf(pax, 'size', header.size)
  if (!Number.isSafeInteger(announced) || announced < 0) throw new TarDamage('a size is negative')
  const sparse = sparseOf(before, pax)
  const name = sparse?.name ?? before.longName ?? textOf(pax, 'path', header.name)
  const type = typeOf(header.type, name)
  // Links, directories and devices have no data, whatever their header says: as Go's reader, which docker uses.
  const stored = type === 'file' || type === 'other' ? announced : 0
  const { kept, many } = xattrsOf(pax)
  return {
    entry: {
      name,
      type,
      size: sizeOf(type, sparse, stored),
      stored,
      mode: header.mode,
      uid: numberOf(pax, 'uid', header.uid),
      gid: numberOf(pax, 'gid', header.gid),
      uname: textOf(pax, 'uname', header.uname),
      gname: textOf(pax, 'gname', header.gname),
      mtime: numberOf(pax, 'mtime', header.mtime),
      linkname: before.longLink ?? textOf(pax, 'linkpath', header.linkname),
      device: deviceOf(type, header),
      xattrs: kept,
      headerOffset: before.offset,
      sparse: sparse?.ranges,
      oddities: oddities({ before, pax, many, noContent: stored === 0 && announced > 0 }),
    },
    stored,
    mapInData: sparse?.mapInData ?? false,
  }
}

function sizeOf(type: EntryType, sparse: PaxSparse | undefined, stored: number): number {
  return type === 'file' ? (sparse?.size ?? stored) : 0
}

function deviceOf(type: EntryType, { devmajor, devminor }: TarHeader): TarEntry['device'] {
  return type === 'char' || type === 'block' ? [devmajor, devminor] : undefined
}

type Pax = ReadonlyMap<string, string>

function numberOf(pax: Pax, key: string, own: number): number {
  const value = pax.get(key)
  return value === undefined ? own : paxNumber(value, key)
}

function textOf(pax: Pax, key: string, own: string): string {
  return pax.get(key) ?? own
}

function effective({ pax }: Preamble): Pax {
  if (pax.length === 0) return NO_PAX
  const all = new Map<string, string>()
  for (const [key, value] of pax)
    if (value === '') all.delete(key)
    else all.set(key, value)
  return all
}

const NO_PAX: Pax = new Map()

function typeOf(flag: string, name: string): EntryType {
  const type = TYPES[flag] ?? 'other'
  return flag === '\0' && name.endsWith('/') ? 'dir' : type
}

function xattrsOf(pax: Pax): { readonly kept: TarEntry['xattrs']; readonly many: boolean } {
  if (pax.size === 0) return NO_XATTRS
  const all = [...pax].flatMap(([key, value]) =>
    key.startsWith('SCHILY.xattr.') ? [[key.slice('SCHILY.xattr.'.length), value] as const] : [],
  )
  return { kept: all.slice(0, XATTR_LIMIT), many: all.length > XATTR_LIMIT }
}

const NO_XATTRS = { kept: [], many: false } as const

function oddities(of: {
  readonly before: Preamble
  readonly pax: Pax
  readonly many: boolean
  readonly noContent: boolean
}): readonly Oddity[] {
  const { longName, longLink } = of.before
  if (longName === undefined && longLink === undefined && !of.many && !of.noContent) return NO_ODDITIES
  const differ = (long: string | undefined, key: string) =>
    long !== undefined && (of.pax.get(key) ?? long) !== long
  return [
    ...(differ(longName, 'path') || differ(longLink, 'linkpath') ? (['names-differ'] as const) : []),
    ...(of.noContent ? (['size-without-content'] as const) : []),
    ...(of.many ? (['many-xattrs'] as const) : []),
  ]
}

const NO_ODDITIES: readonly Oddity[] = []

interface PaxSparse {
  readonly name: string | undefined
  readonly size: number | undefined
  readonly ranges: readonly SparseRange[]
  readonly mapInData: boolean
}

/** GNU's three ways to say in an extended header that a file is sparse. */
function sparseOf({ pax }: Preamble, all: Pax): PaxSparse | undefined {
  if (all.size === 0) return undefined
  const text = all.get('GNU.sparse.realsize') ?? all.get('GNU.sparse.size')
  const size = text === undefined ? undefined : paxNumber(text, 'GNU.sparse.size')
  const name = all.get('GNU.sparse.name')
  if (all.get('GNU.sparse.major') === '1' && all.get('GNU.sparse.minor') === '0')
    return { name, size, ranges: [], mapInData: true }
  const map = all.get('GNU.sparse.map')
  if (map !== undefined) return { name, size, ranges: parseRangeList(map), mapInData: false }
  const numbers = pax.filter(([key]) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
  if (numbers.length === 0) return undefined
  return { name, size, ranges: pairs(numbers.map(([key, value]) => paxNumber(value, key))), mapInData: false }
}
