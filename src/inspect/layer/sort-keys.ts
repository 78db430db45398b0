import { type IndexEntry, OUTSIDE, pathOf } from './index-entry.ts'

/** Raw paths hold no NUL, so it separates what is sorted: a directory comes before all that is in it. */
const SEPARATOR = '\0'
const ORDER_DIGITS = 8

/** Depth-first: every directory is followed by all below it, entries of one path by their order. */
export function depthFirstKey(entry: IndexEntry): string {
  const path = entry.kind === 'opaque' ? entry.parent : pathOf(entry)
  const own = entry.kind === 'opaque' ? '1' : '0'
  return `${path.replaceAll('/', SEPARATOR)}${SEPARATOR}${SEPARATOR}${own}${orderText(entry.order)}`
}

/** By directory: the entries of one directory stand together, by name. What is outside the tree comes first. */
export function directoryKey(entry: IndexEntry): string {
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

function orderText(order: number): string {
  return order.toString(36).padStart(ORDER_DIGITS, '0')
}
