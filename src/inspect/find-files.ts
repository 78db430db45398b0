import type { ForbiddenPath } from './check-image.ts'
import { type EntryKind, pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { pathPattern } from './path-pattern.ts'
import { walkImage } from './walk-image.ts'

export interface FoundFile {
  /** Raw bytes (latin1). */
  readonly path: string
  readonly kind: EntryKind
  /** Bytes, unpacked. */
  readonly size: number
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

/** F8: files of an image whose path holds a text, in the order of directories; letters of ASCII in either case. */
export async function findFilesIn(
  layers: readonly (IndexReader | undefined)[],
  text: string,
): Promise<FoundFiles> {
  // Paths are bytes: what is not ASCII is compared as the bytes that it has in UTF-8.
  const bytes = Buffer.from(text).toString('latin1')
  const wanted = new RegExp(bytes.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'), bytes === text ? 'i' : '')
  const files: FoundFile[] = []
  for await (const { parent, name, entry, versions } of walkImage(layers)) {
    const last = versions.at(-1)
    const path = pathOf({ parent, name })
    if (last === undefined || last.entry.kind === 'dir' || !wanted.test(path)) continue
    if (files.length === SHOWN) return { files, more: true }
    const { kind, size } = last.entry
    files.push({ path, kind, size, layer: last.layer, hidden: entry === undefined })
  }
  return { files, more: false }
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
