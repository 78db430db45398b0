import { EncodedEntry } from './encoded-entry.ts'
import { FLAG, type IndexEntry, pathOf } from './index-entry.ts'

/** As it came, or with what the tree changed. */
export type TreeEntry = EncodedEntry | IndexEntry

/** An entry whose descendants are passing by. */
interface Open {
  readonly path: string
  entry: TreeEntry
  /** What came before this place in the archive is lost: something that is no directory came, and took it along. */
  since: number
  bytes: number
  files: number
}

/**
 * Makes a tree of a layer's entries as they come depth-first: gives each entry once, directories with their sums, and
 * directories that nobody wrote. Of several entries of one path the last counts; the others stay, marked. Needs memory
 * for one path. Whiteouts are given as they are: they are about other layers.
 */
export class TreeBuilder {
  readonly #open: Open[] = []
  readonly #give: (entry: TreeEntry) => void

  constructor(give: (entry: TreeEntry) => void) {
    this.#give = give
  }

  add(entry: EncodedEntry): void {
    const isMark = entry.kind === 'whiteout' || entry.kind === 'opaque'
    const path = entry.kind === 'opaque' ? entry.parent : pathOf(entry)
    this.#closeUntil(path)
    const isOpen = this.#open.at(-1)?.path === path
    const isBelow = entry.kind === 'opaque' || (path !== '' && !isOpen)
    const flag = isBelow ? this.#openDirectories(entry.parent, entry) : 0
    if (isMark) this.#give(entry)
    else if (isOpen) this.#replace(entry)
    else this.#push(path, flagged(entry, flag))
  }

  end(): void {
    while (this.#open.length > 0) this.#close()
  }

  /** The last entry of a path counts, as when they are unpacked one after the other. */
  #replace(entry: EncodedEntry): void {
    const top = this.#open.pop()
    if (top === undefined) return
    const flag = this.#makeWay(entry)
    if (flag === FLAG.overridden) this.#give(flagged(entry, flag))
    else {
      this.#giveLost(top.entry)
      if (entry.kind !== 'dir') top.since = entry.order
      top.entry = flagged(entry, flag)
    }
    this.#open.push(top)
  }

  /**
   * Opens what is missing between what is open and `path`: nobody wrote it, and it is a directory nevertheless. Gives the
   * flag of what is in it.
   */
  #openDirectories(path: string, because: EncodedEntry): number {
    if (this.#open.length === 0) this.#push('', impliedDirectory('', because))
    const flag = this.#makeWay(because)
    for (let top = this.#open.at(-1)?.path ?? ''; top !== path; top = this.#open.at(-1)?.path ?? path) {
      const start = top === '' ? 0 : top.length + 1
      const end = path.indexOf('/', start)
      const next = end < 0 ? path : path.slice(0, end)
      this.#push(next, flagged(impliedDirectory(next, because), flag & FLAG.overridden))
    }
    return flag
  }

  /**
   * Something that is no directory gives way to what came later in it, as do directories that it took along. Gives the
   * flag of what came: when it came before that, it is lost itself.
   */
  #makeWay(came: EncodedEntry): number {
    const top = this.#open.at(-1)
    if (top === undefined) return 0
    if (came.order < top.since) return FLAG.overridden
    if (stands(top.entry)) return 0
    let flag = 0
    for (const open of this.#open) {
      if (stands(open.entry)) continue
      if (open.entry.kind !== 'dir') flag = FLAG.underFile
      this.#giveLost(open.entry)
      open.entry = impliedDirectory(open.path, came)
    }
    return flag
  }

  #giveLost(entry: TreeEntry): void {
    if ((entry.flags & FLAG.implied) === 0) this.#give(flagged(entry, FLAG.overridden))
  }

  #push(path: string, entry: TreeEntry): void {
    const above = this.#open.at(-1)?.since ?? 0
    const since = entry.kind === 'dir' ? above : Math.max(above, entry.order)
    this.#open.push({ path, entry, since, bytes: 0, files: 0 })
  }

  #closeUntil(path: string): void {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (top.path === '' || isIn(path, top.path)) return
      this.#close()
    }
  }

  #close(): void {
    const closed = this.#open.pop()
    if (closed === undefined) return
    const { entry, bytes, files } = closed
    // Nobody wrote it, and nothing that is in it stands.
    if (!stands(entry) && (entry.flags & FLAG.implied) !== 0) return
    const isDirectory = entry.kind === 'dir'
    this.#give(isDirectory ? { ...whole(entry), totals: { bytes, files } } : entry)
    const above = this.#open.at(-1)
    if (above === undefined || (entry.flags & (FLAG.overridden | FLAG.aufs | FLAG.bareWhiteout)) !== 0) return
    // Sparse files claim what they like: a sum is a number that JSON and records can hold.
    above.bytes = Math.min(above.bytes + (isDirectory ? bytes : entry.size), Number.MAX_SAFE_INTEGER)
    above.files += isDirectory ? files : 1
  }
}

/** Whether a path is a directory's own, or that of something below it. */
function isIn(path: string, directory: string): boolean {
  return path.startsWith(directory) && (path.length === directory.length || path[directory.length] === '/')
}

/** Whether things can be in it. */
function stands({ kind, flags }: TreeEntry): boolean {
  return kind === 'dir' && (flags & FLAG.overridden) === 0
}

function flagged(entry: TreeEntry, flag: number): TreeEntry {
  return flag === 0 ? entry : { ...whole(entry), flags: entry.flags | flag }
}

function whole(entry: TreeEntry): IndexEntry {
  return entry instanceof EncodedEntry ? entry.decode() : entry
}

/** As tools make it that unpack: owned by root, for all to read. */
function impliedDirectory(path: string, because: EncodedEntry): IndexEntry {
  const { order, headerOffset } = because.decode()
  const slash = path.lastIndexOf('/')
  return {
    parent: path.slice(0, Math.max(slash, 0)),
    name: path.slice(slash + 1),
    kind: 'dir',
    flags: FLAG.implied,
    order,
    size: 0,
    stored: 0,
    mode: 0o755,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    mtime: 0,
    linkname: '',
    device: undefined,
    xattrs: [],
    sha256: undefined,
    headerOffset,
    contentOffset: headerOffset,
    sparse: undefined,
    totals: undefined,
  }
}
