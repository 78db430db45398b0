import { type Digest, parseDigest, whyNotDigest } from '../oci/digest.ts'
import { parseName, type RepositoryName, whyNotName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { parseTag, type Tag, whyNotTag } from '../oci/tag.ts'

/** Throws NAME_INVALID. */
export function requireName(text: string): RepositoryName {
  const name = parseName(text)
  if (name === undefined) throw new RegistryError('NAME_INVALID', { message: whyNotName(text) })
  return name
}

/** Throws TAG_INVALID. */
export function requireTag(text: string): Tag {
  const tag = parseTag(text)
  if (tag === undefined) throw new RegistryError('TAG_INVALID', { message: whyNotTag(text) })
  return tag
}

/** Throws DIGEST_INVALID. */
export function requireDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw new RegistryError('DIGEST_INVALID', { message: whyNotDigest(text) })
  return digest
}
