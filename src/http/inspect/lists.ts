import { countProject } from '../../inspect/count-project.ts'
import { listRepositories } from '../../inspect/repositories.ts'
import { searchRepositories } from '../../inspect/search.ts'
import { listTagSummaries } from '../../inspect/tags.ts'
import { projectOf } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer, date, optionalDate } from '../api/answers.ts'
import { nextOf, readPage } from '../api/page.ts'
import { queriedRepository } from '../authorize.ts'
import type { Handler } from '../exchange.ts'
import { lastRepository, textParam } from './params.ts'
import { type InspectHttpParts, mayRead, projectsOf } from './parts.ts'

/** What a project holds, in numbers. */
export function getCounts({ metadata }: InspectHttpParts): Handler {
  return async ({ params }) => {
    const { pushed, ...counts } = await countProject(metadata, params['project'] ?? '')
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
export function getTags({ metadata }: InspectHttpParts): Handler {
  return async ({ query }) => {
    const name = queriedRepository(query)
    const page = readPage(query)
    const found = await listTagSummaries(metadata, name, page)
    return answer(200, {
      repository: name,
      tags: found.map(({ artifactType, pushed, ...tag }) => ({
        ...tag,
        ...(artifactType === undefined ? {} : { artifactType }),
        pushed: date(pushed),
      })),
      ...nextOf(found, page, ({ tag }) => tag),
    })
  }
}

/** Repositories whose name holds a text, of those that the caller may read. */
export function search(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { limit } = readPage(exchange.query)
    const found = await searchRepositories(parts.metadata, {
      text: (textParam(exchange, 'q') ?? '').toLowerCase(),
      after: lastRepository(exchange),
      limit,
      projects: await projectsOf(parts, exchange),
      mayRead: mayRead(parts, exchange),
    })
    return answer(200, {
      repositories: found.names.map((name) => ({ name })),
      ...(found.next === undefined ? {} : { next: found.next }),
    })
  }
}
