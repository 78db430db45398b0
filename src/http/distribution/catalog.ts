import { projectOf, type RepositoryName } from '../../oci/name.ts'
import { repositoriesOf } from '../../registry/repositories.ts'
import { type Exchange, type Handler, json } from '../exchange.ts'
import { requireName } from '../require-name.ts'
import { nextLink, takePage } from './pages.ts'
import { pageSize, queryText } from './params.ts'
import type { DistributionParts } from './parts.ts'

/** distribution's catalog: the repositories that the caller may read, project by project. */
export function listCatalog(parts: DistributionParts): Handler {
  return async (exchange) => {
    const n = pageSize(exchange)
    const last = lastOf(exchange)
    const page = await takePage(repositoriesFrom(parts, exchange, last), {
      n,
      jsonBytes: (name) => name.length + 3,
      whenLong: (rest) => parts.longLists(exchange, rest),
    })
    const next = page.more ? nextLink('/v2/_catalog', { n: n?.toString(), last: page.items.at(-1) }) : {}
    return json(200, { repositories: page.items }, next)
  }
}

/** Throws NAME_INVALID: to begin again from the start would let a client go round for ever. */
function lastOf(exchange: Exchange): RepositoryName | undefined {
  const text = queryText(exchange, 'last')
  return text === undefined ? undefined : requireName(text)
}

async function* repositoriesFrom(
  parts: DistributionParts,
  exchange: Exchange,
  last: RepositoryName | undefined,
): AsyncGenerator<RepositoryName | undefined> {
  const { metadata } = parts.registry
  // The scope of the token was checked with the route: which projects count is the account's own matter.
  const caller = { ...exchange.caller, scope: undefined }
  const begin = last && projectOf(last)
  if (begin !== undefined && (await parts.access.checkProject(caller, 'pull', begin)).outcome === 'allowed')
    yield* repositoriesOf(metadata, begin, last)
  const decision = await parts.access.checkRegistry(caller, 'catalog')
  if (decision.outcome !== 'allowed') return
  for await (const project of parts.readableProjects(decision.identity, begin)) {
    yield* repositoriesOf(metadata, project, undefined)
    // One without a repository was looked at, too.
    yield undefined
  }
}
