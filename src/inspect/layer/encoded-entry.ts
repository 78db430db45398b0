import { ByteReader } from './bytes.ts'
import { readEntry, readHead } from './entry-codec.ts'
import type { EntryKind, IndexEntry } from './index-entry.ts'

/** An entry as writeEntry wrote it, with no more read of it than its place: most go through a tree unchanged. */
export class EncodedEntry {
  readonly parent: string
  readonly name: string
  readonly kind: EntryKind
  readonly flags: number
  readonly order: number
  readonly size: number
  readonly bytes: Buffer

  /** Keeps the bytes. Throws RangeError, TypeError when they are no entry. */
  constructor(bytes: Buffer) {
    const { parent, name, kind, flags, order, size } = readHead(new ByteReader(bytes))
    this.parent = parent
    this.name = name
    this.kind = kind
    this.flags = flags
    this.order = order
    this.size = size
    this.bytes = bytes
  }

  decode(): IndexEntry {
    return readEntry(new ByteReader(this.bytes))
  }
}
