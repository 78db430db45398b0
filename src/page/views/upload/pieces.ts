import type { TarEntry } from './tar-entries.ts'

/** A piece of content of an archive, as its name in it says. */
export interface Piece {
  readonly path: string
  readonly digest: string | undefined
  readonly size: number
  readonly from: number
  readonly to: number
}

/** What became of a piece: `mounted` was in another repository; what is not known was not said. */
export type Fate = 'present' | 'mounted' | 'stored'

/** Files that say what is in an archive, and are no content themselves. */
const LISTS = /^(?:index\.json|manifest\.json|oci-layout|repositories|[^/]+\/(?:json|VERSION))$/

/** The content of an archive, in its order. */
export function piecesOf(entries: readonly TarEntry[]): Piece[] {
  return entries
    .filter(({ isFile, path }) => isFile && !LISTS.test(path))
    .map(({ path, size, from, to }) => ({ path, digest: digestIn(path), size, from, to }))
}

/** As the registry reads names: `blobs/sha256/…` of a layout, and the digits at the top as podman and crane write them. */
export function digestIn(path: string): string | undefined {
  const [, hex] =
    /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path) ??
    /^(?:sha256:)?([0-9a-f]{64})(?:\.tar|\.tar\.gz|\.json)?$/.exec(path) ??
    []
  return hex === undefined ? undefined : `sha256:${hex}`
}

/** An archive without the pieces that need not be sent: nothing is copied, the browser reads the rest from the file. */
export function without(archive: Blob, left: readonly Pick<Piece, 'from' | 'to'>[]): Blob {
  const parts: Blob[] = []
  let at = 0
  for (const { from, to } of left) {
    if (from > at) parts.push(archive.slice(at, from))
    at = to
  }
  parts.push(archive.slice(at))
  return new Blob(parts)
}

/** Pieces that are sent, and where each lies in what is sent. */
export function placed(
  pieces: readonly Piece[],
  left: ReadonlySet<string>,
): ReadonlyMap<string, readonly [from: number, to: number]> {
  const places = new Map<string, readonly [number, number]>()
  let gone = 0
  for (const { path, from, to } of pieces)
    if (left.has(path)) gone += to - from
    else places.set(path, [from - gone, to - gone])
  return places
}
