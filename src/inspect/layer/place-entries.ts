import type { Oddity, TarEntry } from '../tar/tar-entry.ts'
import { nameOf, parentOf, placeOf } from '../tar/tar-path.ts'
import { FLAG, type IndexEntry } from './index-entry.ts'
import type { OwnLinks } from './own-links.ts'

const WHITEOUT = '.wh.'
const AUFS = '.wh..wh.'
const OPAQUE = '.wh..wh..opq'

const ODDITY_FLAG: Readonly<Record<Oddity, number>> = {
  'names-differ': FLAG.namesDiffer,
  'size-without-content': FLAG.sizeWithoutContent,
  'many-xattrs': FLAG.manyXattrs,
}

type Placed = Pick<IndexEntry, 'parent' | 'name' | 'kind' | 'flags'>

/**
 * What an entry of an archive is in the tree of its layer. `order`: its place among them; `links`: those that came before
 * it.
 */
export function placeEntry(entry: TarEntry, order: number, links: OwnLinks): IndexEntry {
  const { parent, name, kind, flags } = inTree(entry, links)
  return {
    parent,
    name,
    kind,
    flags,
    order,
    size: entry.size,
    stored: entry.stored,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    uname: entry.uname,
    gname: entry.gname,
    mtime: entry.mtime,
    linkname: kind === 'hardlink' ? linkedPath(entry.linkname, links) : entry.linkname,
    device: entry.device,
    xattrs: entry.xattrs,
    sha256: entry.sha256,
    headerOffset: entry.headerOffset,
    contentOffset: entry.contentOffset,
    sparse: entry.sparse,
    totals: undefined,
  }
}

function inTree({ name, type, oddities }: TarEntry, links: OwnLinks): Placed {
  const named = placeOf(name)
  const way = named.kind === 'inside' ? links.follow(named.path) : ''
  const isNamed = named.kind === 'outside' || way === named.path
  const place = isNamed ? named : placeOf(way)
  const odd = oddities.reduce((set, oddity) => set | ODDITY_FLAG[oddity], 0)
  const flags = isNamed ? odd : odd | FLAG.throughLink
  if (place.kind === 'outside') return { parent: '', name, kind: type, flags: flags | FLAG[place.why] }
  const { path } = place
  const own = {
    parent: parentOf(path),
    name: nameOf(path),
    kind: type,
    flags: flags | (place.long ? FLAG.long : 0),
  }
  return own.name.startsWith(WHITEOUT) ? { ...own, ...whiteoutOf(own) } : own
}

/** What a hard link leads to, found by the same way; as the archive has it where that is no other. */
function linkedPath(linkname: string, links: OwnLinks): string {
  const place = placeOf(linkname)
  if (place.kind === 'outside') return linkname
  const way = links.follow(place.path)
  return way === place.path ? linkname : way
}

/**
 * image-spec "Whiteouts": "a whiteout filename consists of the prefix .wh. plus the basename of the path to be deleted",
 * whatever kind of entry it is; `.wh..wh..opq` makes its directory opaque. Other `.wh..wh.` names are aufs' own.
 */
function whiteoutOf({ name, flags }: Placed): Partial<Placed> {
  if (name === OPAQUE) return { name: '', kind: 'opaque' }
  if (name.startsWith(AUFS)) return { flags: flags | FLAG.aufs }
  if (name === WHITEOUT) return { flags: flags | FLAG.bareWhiteout }
  return { name: name.slice(WHITEOUT.length), kind: 'whiteout' }
}
