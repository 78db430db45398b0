import { parseDigest } from './digest.ts'
import { parseName, type RepositoryName } from './name.ts'
import { parseTag, type Reference } from './tag.ts'

/** What names an image in this registry: `demo/app:v1`, `demo/app@sha256:…`. */
export interface ImageReference {
  readonly name: RepositoryName
  readonly reference: Reference
}

const DEFAULT_TAG = 'latest'

/**
 * The image that `text` names, without a host; undefined when it names none. As docker reads it: no tag means
 * `latest`, and of a tag and a digest the digest counts.
 */
export function parseImageReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.indexOf(':')
  const name = parseName(colon < 0 ? named : named.slice(0, colon))
  const tag = parseTag(colon < 0 ? DEFAULT_TAG : named.slice(colon + 1))
  if (name === undefined || tag === undefined) return undefined
  if (at < 0) return { name, reference: { kind: 'tag', tag } }
  const digest = parseDigest(text.slice(at + 1))
  return digest && { name, reference: { kind: 'digest', digest } }
}

/** The reverse of parseImageReference. */
export function formatImageReference({ name, reference }: ImageReference): string {
  return reference.kind === 'tag' ? `${name}:${reference.tag}` : `${name}@${reference.digest}`
}
