import { transact } from '../../storage/metadata/transact.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { repositoryCodec } from '../records/project.ts'
import { repositoriesIn } from '../records/repositories.ts'
import { findImmutableTag } from './immutable-tags.ts'
import type { RegistryParts } from './parts.ts'
import { nameUnknown } from './repositories.ts'
import { queueReview } from './review.ts'

/**
 * Deletes a repository: its name is free at once, and the collector clears what lies under its id. There is no way
 * back. Throws NAME_UNKNOWN, and DENIED when it has an immutable tag.
 */
export async function deleteRepository(parts: RegistryParts, name: RepositoryName): Promise<void> {
  await transact(parts.metadata, async (transaction) => {
    const repository = await transaction.getChecked(repositoryCodec, keys.repository(name))
    if (repository === undefined) throw nameUnknown(name)
    const { id } = repository.value
    const tag = await findImmutableTag(transaction, name, id)
    if (tag !== undefined)
      throw new RegistryError('DENIED', {
        message: `'${name}' has the immutable tag '${tag}' and cannot be deleted; change the project's policy first`,
        detail: { name, tag },
      })
    transaction.delete(repository.key)
    queueReview(transaction, { due: parts.now() + 1, kind: 'repository', name, repo: id, digest: undefined })
  })
}

/** Deletes all repositories of a project, so that the project itself can go. Throws DENIED as deleteRepository. */
export async function deleteRepositories(parts: RegistryParts, project: string): Promise<number> {
  let deleted = 0
  for await (const { name } of repositoriesIn(parts.metadata, project)) {
    try {
      await deleteRepository(parts, name)
      deleted += 1
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof RegistryError) || error.code !== 'NAME_UNKNOWN') throw error
    }
  }
  return deleted
}
