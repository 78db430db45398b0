import { deleteRepository } from '../../registry/delete-repository.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Handler } from '../exchange.ts'
import type { Route } from '../route.ts'
import { answer } from './answers.ts'
import { repositoryIn } from './content-params.ts'

/** Repositories as a whole. */
export function repositoryRoutes(registry: RegistryParts): Route[] {
  const remove: Handler = async ({ params, query }) => {
    const name = repositoryIn(params['project'] ?? '', query.get('repository') ?? '')
    await deleteRepository(registry, name)
    return answer(202, { deleted: name })
  }
  return [
    {
      operationId: 'deleteRepository',
      method: 'DELETE',
      path: '/api/v1/projects/{project}/repositories',
      right: 'project-admin',
      handle: remove,
    },
  ]
}
