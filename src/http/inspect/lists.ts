import { countProject, type ProjectCounts } from '../../inspect/count-project.ts'
import { listRepositories } from '../../inspect/repositories.ts'
import { searchBlobs, searchRepositories } from '../../inspect/search.ts'
import { readSearchTerms } from '../../inspect/search-terms.ts'
import { listTagSummaries } from '../../inspect/tags.ts'
import { projectOf } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer, date, optionalDate } from '../api/answers.ts'
import { nextOf, readPage } from '../api/page.ts'
import { queriedRepository } from '../authorize.ts'
import type { Handler } from '../exchange.ts'
import { lastRepository, textParam } from './params.ts'
import { type InspectHttpParts, mayRead, projectsOf } from './parts.ts'
import { SharedWork } from './shared-work.ts'

/** What a project holds, in numbers. */
export function getCounts({ metadata, counts: inTurn }: InspectHttpParts): Handler {
  const counting = new SharedWork<ProjectCounts>()
  return async (exchange) => {
    const project = exchange.params['project'] ?? ''
    const { pushed, ...counts } = await counting.of(project, () =>
      inTurn(exchange, () => countProject(metadata, project)),
    )
    return answer(200, { ...counts, ...optionalDate('pushed', pushed) })
  }
}

/** Repositories of a project that hold an image. */
export function getRepositories({ metadata }: InspectHttpParts): Handler {
  return async (exchange) => {
    const { limit } = readPage(exchange.query)
    const after = lastRepository(exchange)
    const project = exchange.params['project'] ?? ''
    if (after !== undefined && projectOf(after) !== project)
      throw new RegistryError('REQUEST_INVALID', { message: `last takes a repository of '${project}'` })
    const found = await listRepositories(metadata, project, { after, limit })
    return answer(200, {
      repositories: found.map(({ name, created, tags, manifests, pushed }) => ({
        name,
        created: date(created),
        tags,
        manifests,
        ...optionalDate('pushed', pushed),
      })),
      ...nextOf(found, { after, limit }, ({ name }) => name),
    })
  }
}

/** Tags of a repository, with what they lead to. */
export function getTags({ metadata, counts }: InspectHttpParts): Handler {
  return async (exchange) => {
    const name = queriedRepository(exchange.query)
    const page = readPage(exchange.query)
    const found = await listTagSummaries(metadata, name, page, (work) => counts(exchange, work))
    return answer(200, {
      repository: name,
      tags: found.map(({ artifactType, pushed, pulled, ...tag }) => ({
        ...tag,
        ...(artifactType === undefined ? {} : { artifactType }),
        pushed: date(pushed),
        ...optionalDate('pulled', pulled),
      })),
      ...nextOf(found, page, ({ tag }) => tag),
    })
  }
}

/** What a text may mean: repositories by name, tag or manifest, and on the first page blobs, of those that the caller may read. */
export function search(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { limit } = readPage(exchange.query)
    const terms = readSearchTerms(textParam(exchange, 'q') ?? '')
    const after = lastRepository(exchange)
    const read = mayRead(parts, exchange)
    const projects = await projectsOf(parts, exchange)
    const [found, blobs] = await Promise.all([
      parts.searches(exchange, () =>
        searchRepositories(parts.metadata, { terms, after, limit, projects, mayRead: read }),
      ),
      terms.digest === undefined || after !== undefined
        ? []
        : searchBlobs(parts.metadata, terms.digest, read),
    ])
    return answer(200, {
      repositories: found.repositories,
      blobs,
      ...(found.next === undefined ? {} : { next: found.next }),
    })
  }
}
