import { type IndexEntry, OUTSIDE } from './index-entry.ts'

/** Raw paths hold no NUL, so it separates what is sorted: a directory comes before all that is in it. */
const SEPARATOR = '\0'

type Sorted = Pick<IndexEntry, 'parent' | 'name' | 'kind' | 'flags' | 'order'>

/** Depth-first: every directory is followed by all below it, entries of one path by their order. */
export class DepthFirstKeys {
  /** Most entries stand behind another of their directory. */
  #parent = ''
  #prefix = ''

  of({ parent, name, kind, order }: Sorted): string {
    if (parent !== this.#parent) {
      this.#parent = parent
      this.#prefix = parent === '' ? '' : `${parent.replaceAll('/', SEPARATOR)}${SEPARATOR}`
    }
    // What makes a directory opaque is one of its own entries: behind those that are the directory itself.
    const path = kind === 'opaque' ? parent.replaceAll('/', SEPARATOR) : `${this.#prefix}${name}`
    return `${path}${SEPARATOR}${SEPARATOR}${kind === 'opaque' ? '1' : '0'}${orderText(order)}`
  }
}

/** By directory: the entries of one directory stand together, by name. What is outside the tree comes first. */
export function directoryKey(entry: Sorted): string {
  if ((entry.flags & OUTSIDE) !== 0) return `${SEPARATOR}${SEPARATOR}${orderText(entry.order)}`
  return `${childKey(entry.parent, entry.name)}${SEPARATOR}${orderText(entry.order)}${entry.kind === 'opaque' ? '' : '1'}`
}

/** What the directory keys of all entries in a directory begin with. */
export function directoryPrefix(path: string): string {
  return `${path}${SEPARATOR}`
}

/** What the directory keys of all entries of one name in a directory begin with, but for what follows the name. */
export function childKey(parent: string, name: string): string {
  return `${parent}${SEPARATOR}${name}`
}

/** 32 bits of it, the highest first: far more than a layer may have entries. */
function orderText(order: number): string {
  return String.fromCharCode(order >>> 24, (order >>> 16) & 0xff, (order >>> 8) & 0xff, order & 0xff)
}
