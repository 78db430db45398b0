import { EncodedEntry } from './encoded-entry.ts'
import { FLAG, type IndexEntry, pathOf } from './index-entry.ts'

/** As it came, or with what the tree changed. */
export type TreeEntry = EncodedEntry | IndexEntry

/** An entry whose descendants are passing by. */
interface Open {
  readonly path: string
  entry: TreeEntry
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
    const special = entry.kind === 'whiteout' || entry.kind === 'opaque'
    const path = entry.kind === 'opaque' ? entry.parent : pathOf(entry)
    this.#closeUntil(special && entry.kind === 'whiteout' ? entry.parent : path)
    if (special) {
      this.#openDirectories(entry.parent, entry)
      this.#give(entry)
      return
    }
    const top = this.#open.at(-1)
    if (top !== undefined && top.path === path) this.#replace(top, entry)
    else this.#begin(path, entry)
  }

  end(): void {
    while (this.#open.length > 0) this.#close()
  }

  /** The last entry of a path counts, as when they are unpacked one after the other. */
  #replace(top: Open, entry: EncodedEntry): void {
    if ((top.entry.flags & FLAG.implied) === 0) this.#give(flagged(top.entry, FLAG.overridden))
    top.entry = entry
  }

  #begin(path: string, entry: EncodedEntry): void {
    if (path !== '') this.#openDirectories(entry.parent, entry)
    const above = this.#open.at(-1)
    let flag = 0
    if (above !== undefined && above.entry.kind !== 'dir') {
      // Something that is no directory came first, and gives way; or it came later, and took this along.
      if (entry.order > above.entry.order) {
        this.#give(flagged(above.entry, FLAG.overridden))
        above.entry = impliedDirectory(above.path, entry)
        flag = FLAG.underFile
      } else flag = FLAG.overridden
    } else if (above !== undefined && (above.entry.flags & FLAG.overridden) !== 0) flag = FLAG.overridden
    this.#open.push({ path, entry: flag === 0 ? entry : flagged(entry, flag), bytes: 0, files: 0 })
  }

  /** Opens what is missing between what is open and `path`: nobody wrote it, and it is a directory nevertheless. */
  #openDirectories(path: string, because: EncodedEntry): void {
    if (this.#open.length === 0) this.#push('', because)
    for (let top = this.#open.at(-1)?.path ?? ''; top !== path; top = this.#open.at(-1)?.path ?? path) {
      const start = top === '' ? 0 : top.length + 1
      const end = path.indexOf('/', start)
      this.#push(end < 0 ? path : path.slice(0, end), because)
    }
  }

  #push(path: string, because: EncodedEntry): void {
    this.#open.push({ path, entry: impliedDirectory(path, because), bytes: 0, files: 0 })
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

function flagged(entry: TreeEntry, flag: number): IndexEntry {
  return { ...whole(entry), flags: entry.flags | flag }
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
