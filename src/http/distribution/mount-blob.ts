import { ANONYMOUS } from '../../auth/identity.ts'
import { parseName, projectOf, type RepositoryName } from '../../oci/name.ts'
import { mountFrom, mountFromAnywhere } from '../../registry/mount.ts'
import { challenged } from '../authorize.ts'
import type { Exchange } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { queryText } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'

/**
 * distribution-spec end-11: links a blob that is already here. False: the client must send it, which is never an error.
 * Throws DIGEST_INVALID, and UNAUTHORIZED with both scopes when only the token keeps the caller from the source.
 */
export async function mountBlob(
  parts: DistributionParts,
  exchange: Exchange,
  name: RepositoryName,
  text: string,
): Promise<boolean> {
  const digest = requireDigest(text)
  exchange.note({ digest })
  const request = { name, digest, account: accountName(exchange) }
  const from = queryText(exchange, 'from')
  if (from === undefined) return mountFromAnywhere(parts.registry, request, searchable(parts, exchange, name))
  // ggcr names repositories of other registries, too.
  const source = parseName(from)
  if (source === undefined || !(await mayRead(parts, exchange, { name, source }))) return false
  return mountFrom(parts.registry, request, source)
}

async function mayRead(
  parts: DistributionParts,
  exchange: Exchange,
  mount: { readonly name: RepositoryName; readonly source: RepositoryName },
): Promise<boolean> {
  const { name, source } = mount
  const decision = await parts.access.check(exchange.caller, 'pull', source)
  if (decision.outcome !== 'narrow') return decision.outcome === 'allowed'
  throw challenged(exchange.origin, decision.reason, {
    scope: [
      { type: 'repository', name, actions: ['pull', 'push'] },
      { type: 'repository', name: source, actions: ['pull'] },
    ],
    error: 'insufficient_scope',
  })
}

/**
 * Where a search without `from` may look. A token's scope cannot name repositories that its client does not know, so
 * the target's own project counts beside what is public; a caller without a token searches all that it may read.
 */
function searchable(
  parts: DistributionParts,
  exchange: Exchange,
  name: RepositoryName,
): (project: string) => Promise<boolean> {
  const { caller } = exchange
  return async (project) => {
    if (project === projectOf(name)) return true
    const asker = caller.scope === undefined ? caller : ANONYMOUS
    return (await parts.access.checkProject(asker, 'pull', project)).outcome === 'allowed'
  }
}
