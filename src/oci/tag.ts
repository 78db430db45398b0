import { type Digest, parseDigest } from './digest.ts'

/** Tags and references as distribution-spec "Pulling manifests" defines them. */

declare const tagBrand: unique symbol
export type Tag = string & { readonly [tagBrand]: true }

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

function isTag(text: string): text is Tag {
  return TAG.test(text)
}

/** The tag in `text`, or undefined. */
export function parseTag(text: string): Tag | undefined {
  return isTag(text) ? text : undefined
}

/** Says what is wrong with `text` as a tag. */
export function whyNotTag(text: string): string {
  return `'${text.slice(0, 150)}' is not a tag: 1 to 128 letters, digits, '_', '.', '-', not starting with '.' or '-'`
}

/** What names a manifest in a URL. Anything with a colon is meant as a digest. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest }

/** The reference in `text`, or undefined when it is neither a tag nor a supported digest. */
export function parseReference(text: string): Reference | undefined {
  if (text.includes(':')) {
    const digest = parseDigest(text)
    return digest === undefined ? undefined : { kind: 'digest', digest }
  }
  const tag = parseTag(text)
  return tag === undefined ? undefined : { kind: 'tag', tag }
}
