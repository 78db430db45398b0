/** Where one is in a file system: as text, or where its bytes are no UTF-8, in base64. The root is the empty text. */
export type FilePath = { readonly path: string } | { readonly pathRaw: string }

/** The root directory. */
export const ROOT: FilePath = { path: '' }

/** Reads `path` of an address, or another name; with `Raw` behind it, it holds bytes and counts first. */
export function readFilePath(query: URLSearchParams, name = 'path'): FilePath {
  const raw = query.get(`${name}Raw`)
  if (raw !== null && /^[A-Za-z0-9+/]+={0,2}$/.test(raw)) return { pathRaw: raw }
  return { path: (query.get(name) ?? '').replace(/^\/+|\/+$/g, '') }
}

/** As it stands in an address; both names are there, so that the one that does not count is taken away. */
export function pathQuery(path: FilePath): {
  readonly path: string | undefined
  readonly pathRaw: string | undefined
} {
  return 'path' in path ? { path: path.path, pathRaw: undefined } : { path: undefined, pathRaw: path.pathRaw }
}

/** Whether two paths lead to the same place. */
export function isSamePath(a: FilePath, b: FilePath): boolean {
  return 'path' in a ? 'path' in b && a.path === b.path : 'pathRaw' in b && a.pathRaw === b.pathRaw
}

/** The directory that a path is in; of the root the root. */
export function parentOf(path: FilePath): FilePath {
  return crumbs(path).at(-2)?.path ?? ROOT
}

/** An entry of a directory as the server names it: `nameRaw` holds the bytes when `name` does not. */
export interface Named {
  readonly name: string
  readonly nameRaw?: string
}

/** The path of an entry. */
export function enter(directory: FilePath, { name, nameRaw }: Named): FilePath {
  if ('path' in directory && nameRaw === undefined)
    return { path: directory.path === '' ? name : `${directory.path}/${name}` }
  const above = bytesOf(directory)
  const own = nameRaw === undefined ? new TextEncoder().encode(name) : fromBase64(nameRaw)
  return shortest(above.length === 0 ? own : Uint8Array.of(...above, SLASH, ...own))
}

/** The names that a path is made of, `.`, `..` and empty ones too. */
export function namesIn(path: FilePath): Named[] {
  return 'path' in path
    ? path.path.split('/').map((name) => ({ name }))
    : atob(path.pathRaw)
        .split('/')
        .map((bytes) => ({ name: bytes, nameRaw: btoa(bytes) }))
}

/** The directories from the root to a path, each with the text of its own name. */
export function crumbs(path: FilePath): { readonly name: string; readonly path: FilePath }[] {
  const bytes = bytesOf(path)
  const found: { name: string; path: FilePath }[] = []
  for (let start = 0; start < bytes.length; ) {
    const slash = bytes.indexOf(SLASH, start)
    const end = slash < 0 ? bytes.length : slash
    found.push({
      name: new TextDecoder().decode(bytes.subarray(start, end)),
      path: shortest(bytes.subarray(0, end)),
    })
    start = end + 1
  }
  return found
}

const SLASH = 0x2f

function shortest(bytes: Uint8Array): FilePath {
  try {
    return { path: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { pathRaw: toBase64(bytes) }
  }
}

function bytesOf(path: FilePath): Uint8Array {
  return 'path' in path ? new TextEncoder().encode(path.path) : fromBase64(path.pathRaw)
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
