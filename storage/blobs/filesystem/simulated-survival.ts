/** What of the unsynced is there after the power went and the machine came back. */
export interface Survival {
  /** Bytes of files: as last synced, as last written, or of the last length but with zeros for what was not synced. */
  readonly bytes: 'synced' | 'written' | 'zeros'
  /** Names in a directory: as last synced, or as last changed. */
  names(directory: string): 'synced' | 'changed'
}

export interface Inode {
  written: Buffer
  synced: Buffer
  /** A sync failed: the kernel has forgotten what was dirty, and later syncs succeed without writing it. */
  lost: boolean
}
export type Entry = Inode | 'directory'
export interface Directory {
  changed: Map<string, Entry>
  synced: Map<string, Entry>
  /** Names that a failed sync has dropped: later syncs leave them out. */
  readonly lost: Set<string>
}

/** The directory tree, by path, of a machine that starts on what survived. */
export function survivingDirectories(
  directories: ReadonlyMap<string, Directory>,
  survival: Survival,
): Map<string, Directory> {
  const inodes = new Map<Inode, Inode>()
  const survivors = new Map<string, Directory>()
  const visit = (path: string): void => {
    const names = new Map<string, Entry>()
    for (const [name, entry] of directories.get(path)?.[survival.names(path)] ?? []) {
      names.set(name, entry === 'directory' ? entry : survivingInode(entry, survival, inodes))
      if (entry === 'directory') visit(path === '/' ? `/${name}` : `${path}/${name}`)
    }
    survivors.set(path, { changed: new Map(names), synced: names, lost: new Set() })
  }
  visit('/')
  return survivors
}

function survivingInode(inode: Inode, survival: Survival, copies: Map<Inode, Inode>): Inode {
  const known = copies.get(inode)
  if (known !== undefined) return known
  const { written, synced } = inode
  const bytes = { written, synced, zeros: resized(synced, written.length) }[survival.bytes]
  const copy = { written: Buffer.from(bytes), synced: Buffer.from(bytes), lost: false }
  copies.set(inode, copy)
  return copy
}

/** Cut, or filled up with zeros. */
export function resized(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes], length)
}
