import type { Operations } from '../../api/schema.generated.ts'
import { plural, sizeText } from '../../format.ts'

type Query = Operations['findFiles']['query']
type FileType = NonNullable<Query['type']>[number]
type Right = NonNullable<Query['flags']>[number]

/** How the text is meant, as it stands in the address. */
export const MATCHES = {
  '': ['in the path', 'with', 'in the path'],
  glob: ['as a pattern: *.pem', 'that fit', ''],
  regex: ['as a regular expression', 'with', 'in the path'],
} as const
type Match = keyof typeof MATCHES

/** What files may be, as people ask for it. */
export const TYPES: Readonly<Record<string, readonly [label: string, types: readonly FileType[]]>> = {
  '': ['Any but directories', []],
  file: ['Files', ['file']],
  symlink: ['Symbolic links', ['symlink']],
  hardlink: ['Hard links', ['hardlink']],
  dir: ['Directories', ['dir']],
  special: ['Devices and pipes', ['char', 'block', 'fifo']],
}

export const RIGHTS: Readonly<Record<string, readonly [label: string, rights: readonly Right[]]>> = {
  '': ['Any rights', []],
  setid: ['setuid or setgid', ['setuid', 'setgid']],
  open: ['Writable by anyone', ['world-writable']],
}

/** Which files are looked for; all of it is in the address. */
export interface FileFilter {
  readonly find: string
  readonly match: Match
  readonly min: number | undefined
  readonly max: number | undefined
  readonly type: string
  readonly rights: string
}

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

/** What a field for a size takes. */
export const SIZE_PATTERN = String.raw`\s*\d{1,9}(\.\d{1,3})?\s*([kKmMgGtT]?[bB])?\s*`

/** Bytes of a size as people write it, `1.5 MB`; undefined for anything else. */
export function sizeIn(text: string): number | undefined {
  const [, number, unit = ''] = /^\s*(\d{1,9}(?:\.\d{1,3})?)\s*([kmgt]?b)?\s*$/i.exec(text) ?? []
  return number === undefined ? undefined : Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 1))
}

/** How a text would be meant, also while there is none. */
export function matchIn(query: URLSearchParams): Match {
  const match = query.get('match')
  return match === 'glob' || match === 'regex' ? match : ''
}

/** Reads an address; undefined when no file is looked for. */
export function readFilter(query: URLSearchParams): FileFilter | undefined {
  const filter: FileFilter = {
    find: query.get('find') ?? '',
    match: matchIn(query),
    min: sizeIn(query.get('min') ?? ''),
    max: sizeIn(query.get('max') ?? ''),
    type: known(TYPES, query.get('type')),
    rights: known(RIGHTS, query.get('rights')),
  }
  return filter.find === '' && !hasMore(filter) ? undefined : filter
}

/** Whether more than the text is asked for. */
export function hasMore({ min, max, type, rights }: FileFilter): boolean {
  return min !== undefined || max !== undefined || type !== '' || rights !== ''
}

/** Names in an address that say which files are looked for. */
export const FILTER_NAMES = ['find', 'match', 'min', 'max', 'type', 'rights'] as const

function known(of: Readonly<Record<string, unknown>>, name: string | null): string {
  return name !== null && Object.hasOwn(of, name) ? name : ''
}

/** The question for the server. */
export function questionOf(filter: FileFilter, bySize: boolean): Omit<Query, 'ref' | 'platform'> {
  const { find, match, min, max, type, rights } = filter
  const text = find === '' ? undefined : find
  return {
    q: match === '' ? text : undefined,
    glob: match === 'glob' ? text : undefined,
    regex: match === 'regex' ? text : undefined,
    minSize: min,
    maxSize: max,
    type: TYPES[type]?.[1],
    flags: RIGHTS[rights]?.[1],
    sort: bySize ? 'size' : undefined,
  }
}

/** One of what is looked for, and many. */
const NOUNS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  '': ['file', 'files'],
  file: ['file', 'files'],
  symlink: ['symbolic link', 'symbolic links'],
  hardlink: ['hard link', 'hard links'],
  dir: ['directory', 'directories'],
  special: ['device or pipe', 'devices and pipes'],
}

/** How many were found, and of what, in words. */
export function foundText(filter: FileFilter, count: number, more: boolean): string {
  const { find, match, min, max, type, rights } = filter
  const [, before, behind] = MATCHES[match]
  const [one, many] = NOUNS[type] ?? ['file', 'files']
  return [
    count === 0 ? `No ${one}` : plural(count, one, many),
    more ? ', and more' : '',
    find === '' ? '' : `${more ? ',' : ''} ${before} “${find}” ${behind}`.trimEnd(),
    min === undefined ? '' : `, of ${sizeText(min)} or more`,
    max === undefined ? '' : `, of ${sizeText(max)} at most`,
    rights === 'setid' ? ', setuid or setgid' : rights === 'open' ? ', writable by anyone' : '',
  ].join('')
}
