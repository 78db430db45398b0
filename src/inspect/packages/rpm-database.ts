import type { Package } from './package-files.ts'
import { NoDatabase, rowsOf } from './sqlite-table.ts'

/** Tags of a header that say what a package is; its texts have a type of their own. */
const TAG = { name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022 } as const
const TEXT = 6
const INT32 = 4
const ENTRY = 16
/** Entries of a header: rpm writes about a hundred. */
const ENTRIES = 1000
/** Bytes of a text that is a name or a version. */
const LONGEST = 1000

/** The packages of a database of rpm, as it is since version 4.16; undefined when it cannot be read. */
export function rpmPackages(file: Buffer): Package[] | undefined {
  try {
    return [...rowsOf(file, 'Packages')].flatMap((row) => {
      const header = row.at(1)
      return header === undefined ? [] : packageOf(header)
    })
  } catch (error) {
    if (error instanceof NoDatabase) return undefined
    throw error
  }
}

/** A header: how many entries and bytes of data, entries of tag, type, offset and count, and the data. */
function packageOf(header: Buffer): Package[] {
  if (header.length < 8) return []
  const entries = header.readUInt32BE(0)
  const data = 8 + entries * ENTRY
  if (entries > ENTRIES || data > header.length) return []
  const find = (tag: number, type: number): number | undefined => {
    for (let at = 8; at < data; at += ENTRY)
      if (header.readUInt32BE(at) === tag && header.readUInt32BE(at + 4) === type)
        return data + header.readUInt32BE(at + 8)
    return undefined
  }
  const text = (tag: number): string | undefined => {
    const start = find(tag, TEXT)
    const end = start === undefined ? -1 : header.indexOf(0, start)
    if (start === undefined || end < 0 || end - start > LONGEST) return undefined
    return header.toString('utf8', start, end)
  }
  const [name, version, release, arch] = [
    text(TAG.name),
    text(TAG.version),
    text(TAG.release),
    text(TAG.arch),
  ]
  // Keys that rpm trusts are among them.
  if (name === undefined || version === undefined || name === 'gpg-pubkey') return []
  const at = find(TAG.epoch, INT32)
  const epoch = at === undefined || at + 4 > header.length ? '' : `${header.readUInt32BE(at)}:`
  return [
    {
      type: 'rpm',
      name,
      version: `${epoch}${version}${release === undefined ? '' : `-${release}`}`,
      ...(arch !== undefined && { arch }),
    },
  ]
}
