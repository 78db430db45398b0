import { type DigestPrefix, parseDigestPrefix } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/tag.ts'

/** What people may mean by a text that they look for. */
export interface SearchTerms {
  /** In lower case: what the name of a repository holds. */
  readonly name: string
  /** How a tag begins. */
  readonly tag: Tag | undefined
  readonly digest: DigestPrefix | undefined
  /** The text says both, as in `app:v1` or `app@sha256:…`; otherwise any of them will do. */
  readonly together: boolean
}

/** Reads a name, a tag, the begin of a digest, or a reference with a part of each. */
export function readSearchTerms(text: string): SearchTerms {
  const lower = text.toLowerCase()
  const [name = '', digest] = lower.split('@', 2)
  if (digest !== undefined)
    return { name, tag: undefined, digest: parseDigestPrefix(digest), together: digest !== '' }
  const whole = parseDigestPrefix(lower)
  const colon = text.lastIndexOf(':')
  // Tags know upper and lower case, names and digests do not.
  if (colon >= 0 && whole === undefined) {
    const tag = text.slice(colon + 1)
    return {
      name: lower.slice(0, colon),
      tag: parseTag(tag),
      digest: undefined,
      together: tag !== '',
    }
  }
  return { name: lower, tag: parseTag(text), digest: whole, together: false }
}
