import type { EntryType, TarEntry } from '../tar/tar-entry.ts'

/**
 * What an entry of a layer is in its tree. `whiteout` hides the name in the layers below, `opaque` all that is below in
 * its directory (image-spec "Whiteouts").
 */
export type EntryKind = EntryType | 'whiteout' | 'opaque'

export const ENTRY_KINDS: readonly EntryKind[] = [
  'file',
  'hardlink',
  'symlink',
  'char',
  'block',
  'dir',
  'fifo',
  'other',
  'whiteout',
  'opaque',
]

/** What is said about an entry; a set, as bits. */
export const FLAG = {
  /** Nobody wrote this directory; something in it implies it. */
  implied: 1,
  /** A later entry of the same archive takes its place. */
  overridden: 1 << 1,
  /** `..` in its name: it is in the list, not in the tree. */
  escapes: 1 << 2,
  /** Deeper than any tree is shown. */
  deep: 1 << 3,
  /** Name or component longer than file systems allow. */
  long: 1 << 4,
  /** What it is in is no directory: it replaces it. */
  underFile: 1 << 5,
  /** aufs kept its own books in `.wh..wh.` names; nothing unpacks them. */
  aufs: 1 << 6,
  namesDiffer: 1 << 7,
  sizeWithoutContent: 1 << 8,
  manyXattrs: 1 << 9,
  /** A `.wh.` without a name: it hides nothing. */
  bareWhiteout: 1 << 10,
  /** Its archive names it through a symbolic link of its own, and it lies where that leads. */
  throughLink: 1 << 11,
} as const
export type FlagName = keyof typeof FLAG

/** The names of the flags that are set. */
export function flagNames(flags: number): FlagName[] {
  return FLAG_NAMES.filter((name) => (flags & FLAG[name]) !== 0)
}

const FLAG_NAMES: readonly FlagName[] = [
  'implied',
  'overridden',
  'escapes',
  'deep',
  'long',
  'underFile',
  'aufs',
  'namesDiffer',
  'sizeWithoutContent',
  'manyXattrs',
  'bareWhiteout',
  'throughLink',
]

/** Entries that are in the list of a layer and nowhere in its tree. */
export const OUTSIDE = FLAG.escapes | FLAG.deep

/** Sums over a directory and all below it in one layer, itself not counted. */
export interface DirectoryTotals {
  readonly bytes: number
  readonly files: number
}

/** One entry of a layer's index: what its archive says of it, and its place in the layer's tree. */
export interface IndexEntry extends Omit<TarEntry, 'name' | 'type' | 'oddities'> {
  /** Directory and name; '' and '' for the root itself. For OUTSIDE entries the name is all, as the archive has it. */
  readonly parent: string
  readonly name: string
  readonly kind: EntryKind
  readonly flags: number
  /** Its place among the entries of the archive; that of what implies it for implied directories. */
  readonly order: number
  readonly totals: DirectoryTotals | undefined
}

/** Directory and name joined. */
export function pathOf({ parent, name }: Pick<IndexEntry, 'parent' | 'name'>): string {
  return parent === '' ? name : `${parent}/${name}`
}

/** Whether an entry is one of its tree: neither outside nor replaced in its own layer nor bookkeeping. */
export function isPlaced({ flags }: IndexEntry): boolean {
  return (flags & (OUTSIDE | FLAG.overridden | FLAG.aufs | FLAG.bareWhiteout)) === 0
}
