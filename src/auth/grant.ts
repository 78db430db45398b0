import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { parseName, projectOf, type RepositoryName } from '../oci/name.ts'
import { type AccessSettings, grantedActions } from './access.ts'
import type { Access, Identity } from './identity.ts'
import { lookUpAll, type Who } from './standing.ts'

/** Bytes of JSON that the granted list may take, so that a token stays well below TOKEN_LIMIT. */
const GRANT_LIMIT = 11 * 1024

/**
 * The part of `asked` that the account has: unknown types, names and actions fall away, an empty list is an answer.
 * What goes beyond GRANT_LIMIT falls away too: no client asks for so much, and tokens travel in headers.
 */
export async function grantAccess(
  metadata: MetadataStore,
  settings: AccessSettings,
  who: Who,
  asked: readonly Access[],
): Promise<Access[]> {
  const wanted = cut(asked)
  const repositories = wanted.map(repositoryOf).filter((name) => name !== undefined)
  const projects = [...new Set(repositories.map(projectOf))]
  const found = await lookUpAll(metadata, who, projects)
  const now = found.identity
  if (now === undefined) return []
  return wanted.flatMap((access) => {
    if (access.type === 'registry') return catalogGrant(now, access)
    const name = repositoryOf(access)
    const standing = name && found.standings[projects.indexOf(projectOf(name))]
    if (name === undefined || standing === undefined) return []
    const actions = grantedActions(now, access.actions, standing, settings)
    return actions.length === 0 ? [] : [{ type: 'repository', name, actions }]
  })
}

function repositoryOf(access: Access): RepositoryName | undefined {
  return access.type === 'repository' ? parseName(access.name) : undefined
}

function catalogGrant(identity: Identity, access: Access): Access[] {
  const signedIn = identity.kind === 'user' || identity.kind === 'account'
  return signedIn && access.name === 'catalog' && access.actions.includes('*')
    ? [{ type: 'registry', name: 'catalog', actions: ['*'] }]
    : []
}

function cut(asked: readonly Access[]): Access[] {
  let bytes = 0
  return asked.filter((access) => {
    bytes += access.type.length + access.name.length + 60
    return bytes <= GRANT_LIMIT
  })
}
