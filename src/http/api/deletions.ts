import { accountOf } from '../../auth/identity.ts'
import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import { deleteManifest, deleteTag } from '../../registry/delete-manifest.ts'
import { previewDeletion } from '../../registry/deletion-preview.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { requireDigest, requireTag } from '../require-name.ts'
import type { Route } from '../route.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { repositoryIn } from './content-params.ts'

/** Deleting for the page, whose session counts on /api/v1 alone; clients of the protocol use DELETE on /v2. */
export function deletionRoutes(registry: RegistryParts): Route[] {
  const project = '/api/v1/projects/{project}'
  const right = 'project-admin'
  return [
    {
      operationId: 'removeTag',
      method: 'DELETE',
      path: `${project}/tag`,
      right,
      handle: removeTag(registry),
    },
    {
      operationId: 'removeManifest',
      method: 'DELETE',
      path: `${project}/manifest`,
      right,
      handle: removeManifest(registry),
    },
    {
      operationId: 'previewDeletion',
      method: 'GET',
      path: `${project}/deletion-preview`,
      right,
      handle: preview(registry),
    },
  ]
}

function removeTag(registry: RegistryParts): Handler {
  return async (exchange) => {
    const tag = requireTag(exchange.query.get('tag') ?? '')
    await deleteTag(registry, repositoryOf(exchange), tag, { by: accountOf(exchange.caller.identity) })
    return NO_CONTENT
  }
}

function removeManifest(registry: RegistryParts): Handler {
  return async (exchange) => {
    const { name, digest } = manifestOf(exchange)
    await deleteManifest(registry, name, digest, accountOf(exchange.caller.identity))
    return NO_CONTENT
  }
}

function preview(registry: RegistryParts): Handler {
  return async (exchange) => {
    const { name, digest } = manifestOf(exchange)
    const { restorable, ...found } = await previewDeletion(registry, name, digest)
    return answer(200, { digest, ...found, restorable: date(restorable) })
  }
}

function manifestOf(exchange: Exchange): { readonly name: RepositoryName; readonly digest: Digest } {
  return { name: repositoryOf(exchange), digest: requireDigest(exchange.query.get('digest') ?? '') }
}

function repositoryOf({ params, query }: Exchange): RepositoryName {
  return repositoryIn(params['project'] ?? '', query.get('repository') ?? '')
}
