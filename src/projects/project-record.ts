import type { Transaction } from '../../storage/metadata/transact.ts'
import { isProjectName, NAME_LIMIT } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { projectCodec } from '../records/project.ts'

/** Reads the project and relies on it. Throws NAME_UNKNOWN, which is also what who may not see it is told. */
export async function requireProject(transaction: Transaction, name: string) {
  const project = isProjectName(name)
    ? await transaction.getChecked(projectCodec, keys.project(name))
    : undefined
  if (project === undefined) throw projectUnknown(name)
  return project
}

/** The one answer for absent and hidden projects. */
export function projectUnknown(name: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', {
    message: `there is no project '${name.slice(0, NAME_LIMIT)}', or it is not yours to see`,
  })
}
