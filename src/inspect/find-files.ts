import type { ForbiddenPath } from './check-image.ts'
import { type EntryKind, type IndexEntry, pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { pathPattern } from './path-pattern.ts'
import { walkImage } from './walk-image.ts'

/** Rights of a file by which one looks for it, each with its bit. */
export const RIGHTS = { setuid: 0o4000, setgid: 0o2000, 'world-writable': 0o002 } as const
export type Right = keyof typeof RIGHTS

/** What files are looked for. */
export interface FileQuery {
  /** Whether a path does, raw bytes (latin1). */
  readonly fits: (path: string) => boolean
  /** Bytes, unpacked. */
  readonly minSize: number
  readonly maxSize: number
  /** None: all but directories. */
  readonly kinds: readonly EntryKind[]
  /** One of them is enough; none: whatever rights it has. */
  readonly rights: readonly Right[]
  /** The order of directories, or the largest first. */
  readonly sort: 'path' | 'size'
}

export interface FoundFile {
  /** Raw bytes (latin1). */
  readonly path: string
  readonly kind: EntryKind
  /** Bytes, unpacked. */
  readonly size: number
  readonly mode: number
  /** The last layer that ships it, from 0 at the base. */
  readonly layer: number
  /** A later layer removes it. */
  readonly hidden: boolean
}

export interface FoundFiles {
  readonly files: readonly FoundFile[]
  /** More than are given. */
  readonly more: boolean
}

/** Files that one search gives. */
const SHOWN = 200

/** F8: files of an image, or of one layer, also those that a later layer removes; of each the last that is shipped. */
export async function findFilesIn(
  layers: readonly (IndexReader | undefined)[],
  query: FileQuery,
): Promise<FoundFiles> {
  const found: FoundFile[] = []
  let more = false
  for await (const { parent, name, entry, versions } of walkImage(layers)) {
    const last = versions.at(-1)
    if (last === undefined || !isAskedFor(query, last.entry)) continue
    const path = pathOf({ parent, name })
    if (!query.fits(path)) continue
    const { kind, size, mode } = last.entry
    found.push({ path, kind, size, mode, layer: last.layer, hidden: entry === undefined })
    if (found.length <= SHOWN) continue
    more = true
    if (query.sort === 'path') break
    // The largest of many are not all held at once.
    if (found.length > 2 * SHOWN) keepLargest(found)
  }
  if (query.sort === 'size') keepLargest(found)
  return { files: found.slice(0, SHOWN), more }
}

function keepLargest(found: FoundFile[]): void {
  found.sort((a, b) => b.size - a.size)
  found.splice(SHOWN)
}

function isAskedFor(
  { kinds, rights, minSize, maxSize }: FileQuery,
  { kind, size, mode }: Pick<IndexEntry, 'kind' | 'size' | 'mode'>,
): boolean {
  if (kinds.length === 0 ? kind === 'dir' : !kinds.includes(kind)) return false
  if (size < minSize || size > maxSize) return false
  // What a symbolic link says of rights counts for nobody.
  return rights.length === 0 || (kind !== 'symlink' && rights.some((right) => (mode & RIGHTS[right]) !== 0))
}

/** A part of a path; letters of ASCII in either case. */
export function pathPart(text: string): (path: string) => boolean {
  // Paths are bytes: what is not ASCII is compared as the bytes that it has in UTF-8.
  const bytes = Buffer.from(text).toString('latin1')
  const wanted = new RegExp(bytes.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'), bytes === text ? 'i' : '')
  return (path) => wanted.test(path)
}

/** Paths of one check that are told. */
const FORBIDDEN = 50

/** What an image ships under paths that fit one of the patterns, also where a later layer removes it. */
export async function forbiddenIn(
  layers: readonly (IndexReader | undefined)[],
  patterns: readonly string[],
): Promise<ForbiddenPath[]> {
  const rules = patterns.map((pattern) => ({ pattern, fits: pathPattern(pattern) }))
  const found: ForbiddenPath[] = []
  for await (const { parent, name, versions } of walkImage(layers)) {
    if (versions.length === 0) continue
    const path = pathOf({ parent, name })
    const rule = rules.find(({ fits }) => fits(path))
    if (rule !== undefined && found.push({ pattern: rule.pattern, path }) === FORBIDDEN) return found
  }
  return found
}
