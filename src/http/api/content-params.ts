import { z } from 'zod'
import { parseName, projectOf, type RepositoryName } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'

/** A repository named beside a project that the caller has a right in. Throws NAME_UNKNOWN for one of another project. */
export function repositoryIn(project: string, text: string): RepositoryName {
  const name = parseName(text)
  if (name !== undefined && projectOf(name) === project) return name
  throw new RegistryError('NAME_UNKNOWN', {
    message: `there is no repository '${text.slice(0, 200)}' in project '${project.slice(0, 200)}'; its name begins with the project: ${project.slice(0, 200)}/…`,
  })
}

/** Names in a body; what they may be is the grammar's to say. */
export const repositoryText = z.string().min(1).max(255)
