import { type Digest, parseDigest } from '../oci/digest.ts'

/** What a file of an archive is, as its name says. */
export type NamedAs =
  /** Read once all else is known. */
  | { readonly kind: 'list' }
  /** Of layouts that nobody reads any more. */
  | { readonly kind: 'old' }
  /** A name that is a digest is held to it. */
  | { readonly kind: 'content'; readonly digest: Digest | undefined }

/** `oci-layout` and `index.json`: image-spec "Image Layout"; `manifest.json`: docker. */
const LISTS = new Set(['index.json', 'manifest.json', 'oci-layout'])

/** Of docker before 1.10: the same again, for each layer. */
const OLD = /^(repositories|[^/]+\/(json|VERSION))$/

export function namedAs(path: string): NamedAs {
  if (LISTS.has(path)) return { kind: 'list' }
  if (OLD.test(path)) return { kind: 'old' }
  return { kind: 'content', digest: digestInName(path) }
}

/** image-spec "Blobs": `blobs/<alg>/<encoded>`. Docker, podman and crane: the hex digits at the top, with an ending. */
function digestInName(path: string): Digest | undefined {
  const [, algorithm, encoded] = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(path) ?? []
  if (algorithm !== undefined && encoded !== undefined) return parseDigest(`${algorithm}:${encoded}`)
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})(?:\.tar|\.tar\.gz|\.json)?$/.exec(path) ?? []
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`)
}
