import type { ByteReader, ByteWriter } from './bytes.ts'
import { ENTRY_KINDS, type IndexEntry } from './index-entry.ts'

const SHA256_BYTES = 32

/** Which of the rare parts an entry has. */
const HAS = { sha256: 1, device: 2, xattrs: 4, sparse: 8, totals: 16 } as const

/** Writes an entry; readEntry reads it back. */
export function writeEntry(writer: ByteWriter, entry: IndexEntry): void {
  writer.text(entry.parent)
  writer.text(entry.name)
  writer.uint(ENTRY_KINDS.indexOf(entry.kind))
  writer.uint(entry.flags)
  writer.uint(entry.order)
  writer.uint(entry.size)
  writer.uint(entry.stored)
  writer.int(entry.mode)
  writer.double(entry.uid)
  writer.double(entry.gid)
  writer.text(entry.uname)
  writer.text(entry.gname)
  writer.double(entry.mtime)
  writer.text(entry.linkname)
  writer.uint(entry.headerOffset)
  writer.uint(entry.contentOffset)
  writeRareParts(writer, entry)
}

function writeRareParts(writer: ByteWriter, { sha256, device, xattrs, sparse, totals }: IndexEntry): void {
  writer.uint(
    (sha256 ? HAS.sha256 : 0) |
      (device ? HAS.device : 0) |
      (xattrs.length > 0 ? HAS.xattrs : 0) |
      (sparse ? HAS.sparse : 0) |
      (totals ? HAS.totals : 0),
  )
  if (sha256 !== undefined) writer.bytes(sha256)
  for (const number of device ?? []) writer.int(number)
  if (xattrs.length > 0) writer.uint(xattrs.length)
  for (const [name, value] of xattrs) {
    writer.text(name)
    writer.text(value)
  }
  if (sparse !== undefined) writer.uint(sparse.length)
  for (const { offset, length } of sparse ?? []) {
    writer.uint(offset)
    writer.uint(length)
  }
  if (totals === undefined) return
  writer.uint(totals.bytes)
  writer.uint(totals.files)
}

/** What stands first in an entry. Throws as readEntry does. */
export function readHead(
  reader: ByteReader,
): Pick<IndexEntry, 'parent' | 'name' | 'kind' | 'flags' | 'order' | 'size'> {
  const parent = reader.text()
  const name = reader.text()
  const kind = ENTRY_KINDS[reader.uint()]
  if (kind === undefined) throw new TypeError('an index entry has an unknown kind')
  return { parent, name, kind, flags: reader.uint(), order: reader.uint(), size: reader.uint() }
}

/** Throws RangeError, TypeError when the bytes are no entry. */
export function readEntry(reader: ByteReader): IndexEntry {
  const { parent, name, kind, flags, order, size } = readHead(reader)
  return {
    parent,
    name,
    kind,
    flags,
    order,
    size,
    stored: reader.uint(),
    mode: reader.int(),
    uid: reader.double(),
    gid: reader.double(),
    uname: reader.text(),
    gname: reader.text(),
    mtime: reader.double(),
    linkname: reader.text(),
    headerOffset: reader.uint(),
    contentOffset: reader.uint(),
    ...readRareParts(reader),
  }
}

function readRareParts(reader: ByteReader) {
  const has = reader.uint()
  const many = <Item>(read: () => Item): Item[] => Array.from({ length: reader.uint() }, read)
  return {
    sha256: has & HAS.sha256 ? reader.bytes(SHA256_BYTES) : undefined,
    device: has & HAS.device ? ([reader.int(), reader.int()] as const) : undefined,
    xattrs: has & HAS.xattrs ? many(() => [reader.text(), reader.text()] as const) : [],
    sparse: has & HAS.sparse ? many(() => ({ offset: reader.uint(), length: reader.uint() })) : undefined,
    totals: has & HAS.totals ? { bytes: reader.uint(), files: reader.uint() } : undefined,
  }
}
