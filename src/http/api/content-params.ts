import { z } from 'zod'
import { type Digest, parseDigest, whyNotDigest } from '../../oci/digest.ts'
import { parseName, projectOf, type RepositoryName } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { parseTag, type Tag, whyNotTag } from '../../oci/tag.ts'

/** A repository named beside a project that the caller has a right in. Throws NAME_UNKNOWN for one of another project. */
export function repositoryIn(project: string, text: string): RepositoryName {
  const name = parseName(text)
  if (name !== undefined && projectOf(name) === project) return name
  throw new RegistryError('NAME_UNKNOWN', {
    message: `there is no repository '${text.slice(0, 200)}' in project '${project.slice(0, 200)}'; its name begins with the project: ${project.slice(0, 200)}/…`,
  })
}

/** Throws TAG_INVALID. */
export function tagIn(text: string): Tag {
  const tag = parseTag(text)
  if (tag === undefined) throw new RegistryError('TAG_INVALID', { message: whyNotTag(text) })
  return tag
}

/** Throws DIGEST_INVALID. */
export function digestIn(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw new RegistryError('DIGEST_INVALID', { message: whyNotDigest(text) })
  return digest
}

/** Names in a body; what they may be is the grammar's to say. */
export const repositoryText = z.string().min(1).max(255)
