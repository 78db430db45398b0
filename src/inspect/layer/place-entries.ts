import type { Oddity, TarEntry } from '../tar/tar-entry.ts'
import { nameOf, parentOf, placeOf } from '../tar/tar-path.ts'
import { FLAG, type IndexEntry } from './index-entry.ts'

const WHITEOUT = '.wh.'
const AUFS = '.wh..wh.'
const OPAQUE = '.wh..wh..opq'

const ODDITY_FLAG: Readonly<Record<Oddity, number>> = {
  'names-differ': FLAG.namesDiffer,
  'size-without-content': FLAG.sizeWithoutContent,
  'many-xattrs': FLAG.manyXattrs,
}

/** What an entry of an archive is in the tree of its layer. `order`: its place among them. */
export function placeEntry(entry: TarEntry, order: number): IndexEntry {
  const { name, type, oddities, ...rest } = entry
  const place = placeOf(name)
  const flags = oddities.reduce((set, oddity) => set | ODDITY_FLAG[oddity], 0)
  const common = { ...rest, order, totals: undefined }
  if (place.kind === 'outside')
    return { ...common, parent: '', name, kind: type, flags: flags | FLAG[place.why] }
  const { path } = place
  const own = { ...common, parent: parentOf(path), name: nameOf(path), kind: type }
  const all = flags | (place.long ? FLAG.long : 0)
  return { ...own, flags: all, ...whiteoutOf(own.name, all) }
}

/**
 * image-spec "Whiteouts": "a whiteout filename consists of the prefix .wh. plus the basename of the path to be deleted",
 * whatever kind of entry it is; `.wh..wh..opq` makes its directory opaque. Other `.wh..wh.` names are aufs' own.
 */
function whiteoutOf(name: string, flags: number): Partial<IndexEntry> {
  if (!name.startsWith(WHITEOUT)) return {}
  if (name === OPAQUE) return { name: '', kind: 'opaque' }
  if (name.startsWith(AUFS)) return { flags: flags | FLAG.aufs }
  if (name === WHITEOUT) return { flags: flags | FLAG.bareWhiteout }
  return { name: name.slice(WHITEOUT.length), kind: 'whiteout' }
}
