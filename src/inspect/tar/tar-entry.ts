import type { SparseRange } from './sparse.ts'

export type EntryType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'dir' | 'fifo' | 'other'

/** One entry of an archive. Texts are raw bytes, one character each (latin1); times are seconds. */
export interface TarEntry {
  readonly name: string
  readonly type: EntryType
  /** What a reader of the file sees. */
  readonly size: number
  /** Bytes of it in the archive: fewer for a sparse file. */
  readonly stored: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly uname: string
  readonly gname: string
  readonly mtime: number
  readonly linkname: string
  readonly device: readonly [major: number, minor: number] | undefined
  readonly xattrs: readonly (readonly [name: string, value: string])[]
  /** SHA-256 of the stored bytes; undefined for what has none. */
  readonly sha256: Buffer | undefined
  /** Where its first header begins in the archive: long names and extended headers are part of it. */
  readonly headerOffset: number
  readonly contentOffset: number
  readonly sparse: readonly SparseRange[] | undefined
  readonly oddities: readonly Oddity[]
}

/** What is strange about an entry, and is said so. */
export type Oddity =
  /** Several headers name it differently; the long name counts. */
  | 'names-differ'
  /** Announced bytes for something that has none; nobody reads them. */
  | 'size-without-content'
  /** More extended attributes than are kept. */
  | 'many-xattrs'
