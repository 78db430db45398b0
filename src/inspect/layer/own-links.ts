import { type IndexEntry, isPlaced, pathOf } from './index-entry.ts'

/** Links that the way to one entry may take, as Linux has it: a loop ends here. */
const HOPS = 40
/** Components that it may take, those of links included. */
const STEPS = 1024
/** Longer targets no file system takes, so no engine unpacks them. */
const TARGET_LIMIT = 4096
/** Bytes that a link or a directory takes in memory, about, beside its texts. */
const PLACE = 256
/** Bytes of links that are kept in mind: some hundred thousand links. */
const MEMORY = 32 * 1024 * 1024

/** A directory by what is below it and is a link: its target, or another directory that has some. */
type Directory = Map<string, Place>
type Place = Directory | string

/** Where a directory is in the end, and what links it has. */
interface Way {
  readonly path: string
  readonly directory: Directory | undefined
}

/**
 * The symbolic links that a layer's archive has written so far. Who unpacks it writes entries through them: `lib ->
 * usr/lib`, and then `lib/x` comes to lie in usr/lib. Links of lower layers do not count: overlay drivers unpack each
 * layer into a directory of its own (docs/decisions/108).
 */
export class OwnLinks {
  readonly #root: Directory = new Map()
  #held = 0
  #isFull = false
  /** Most entries stand behind another of their directory. */
  #last: { readonly parent: string; readonly way: Way | undefined } | undefined

  /** There were more than are kept in mind: what is below the others is where its name says. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Where something of this path is unpacked. Its own name is not followed. The path itself when no way ends. */
  follow(path: string): string {
    if (this.#root.size === 0) return path
    const slash = path.lastIndexOf('/')
    const parent = path.slice(0, Math.max(slash, 0))
    if (this.#last?.parent !== parent) this.#last = { parent, way: this.#walk(parent) }
    const { way } = this.#last
    if (way === undefined || way.path === parent) return path
    const name = path.slice(slash + 1)
    return way.path === '' ? name : `${way.path}/${name}`
  }

  /** What is unpacked takes the place of what was there; a directory that was there stays one. */
  put(entry: IndexEntry): void {
    if (!isPlaced(entry) || entry.kind === 'whiteout' || entry.kind === 'opaque') return
    const target = this.#targetOf(entry)
    if (target === undefined || !this.#add(entry, target)) this.#remove(entry)
  }

  /** A hard link to a symbolic link is one itself. */
  #targetOf({ kind, linkname }: IndexEntry): string | undefined {
    if (kind === 'symlink') return linkname
    const linked = kind === 'hardlink' ? this.#at(linkname) : undefined
    return typeof linked === 'string' ? linked : undefined
  }

  /** Undefined: it goes on for too long, as loops do. */
  #walk(path: string): Way | undefined {
    const left = componentsOf(path).reverse()
    const way: string[] = []
    const directories: (Directory | undefined)[] = [this.#root]
    let hops = 0
    for (let steps = 0; steps < STEPS && hops <= HOPS; steps++) {
      const name = left.pop()
      if (name === undefined) return { path: way.join('/'), directory: directories.at(-1) }
      const found = name === '..' ? undefined : directories.at(-1)?.get(name)
      if (typeof found === 'string') {
        hops += 1
        if (found.startsWith('/')) {
          way.length = 0
          directories.length = 1
        }
        left.push(...componentsOf(found).reverse())
      } else if (name !== '..') {
        way.push(name)
        directories.push(found)
      } else if (way.pop() !== undefined) directories.pop()
    }
    return undefined
  }

  #at(path: string): Place | undefined {
    let found: Place | undefined = this.#root
    for (const name of componentsOf(path)) {
      if (typeof found !== 'object') return undefined
      found = found.get(name)
    }
    return found
  }

  /** False: it is not kept in mind. */
  #add(entry: IndexEntry, target: string): boolean {
    if (entry.name === '' || target.length > TARGET_LIMIT) return false
    // Pieces of a path keep all of it in memory.
    this.#held += PLACE + pathOf(entry).length + target.length
    let directory = this.#root
    for (const name of componentsOf(entry.parent)) {
      const found = directory.get(name)
      const below: Directory = typeof found === 'object' ? found : new Map()
      if (below !== found) {
        this.#held += PLACE
        directory.set(name, below)
      }
      directory = below
    }
    this.#changed(entry.parent, directory)
    this.#isFull ||= this.#held > MEMORY
    if (this.#isFull) return false
    directory.set(entry.name, tidy(target))
    return true
  }

  #remove({ parent, name, kind }: IndexEntry): void {
    if (this.#root.size === 0) return
    const way = this.#last?.way
    const directory = way?.path === parent ? way.directory : this.#at(parent)
    if (typeof directory !== 'object') return
    const found = directory.get(name)
    if (found === undefined || (kind === 'dir' && typeof found === 'object')) return
    directory.delete(name)
    this.#changed(parent, directory)
  }

  /** A way that follows no link and ends where something changed is still the way. */
  #changed(parent: string, directory: Directory): void {
    const isPlain = this.#last?.parent === parent && this.#last.way?.path === parent
    this.#last = isPlain ? { parent, way: { path: parent, directory } } : undefined
  }
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** Without what leads nowhere: thousands of it would be walked for each entry. */
function tidy(target: string): string {
  return `${target.startsWith('/') ? '/' : ''}${componentsOf(target).join('/')}`
}
