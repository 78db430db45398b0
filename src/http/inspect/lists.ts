import { countProject, type ProjectCounts } from '../../inspect/count-project.ts'
import type { NewestQuery } from '../../inspect/newest-tags.ts'
import { listRepositories } from '../../inspect/repositories.ts'
import { searchBlobs, searchRepositories } from '../../inspect/search.ts'
import { readSearchTerms } from '../../inspect/search-terms.ts'
import { listNewestTags, listTagSummaries, type TagSummary } from '../../inspect/tags.ts'
import { projectOf } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { parseTag } from '../../oci/tag.ts'
import { answer, date, optionalDate } from '../api/answers.ts'
import { nextOf, type PageQuery, readPage } from '../api/page.ts'
import { queriedRepository } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
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
    const { found, next } = await listRepositories(metadata, project, { after, limit })
    return answer(200, {
      repositories: found.map(({ name, created, tags, manifests, pushed }) => ({
        name,
        created: date(created),
        tags,
        manifests,
        ...optionalDate('pushed', pushed),
      })),
      ...(next !== undefined && { next }),
    })
  }
}

/** Tags of a repository, with what they lead to. */
export function getTags({ metadata, counts }: InspectHttpParts): Handler {
  return async (exchange) => {
    const name = queriedRepository(exchange.query)
    const page = readPage(exchange.query)
    const newest = newestQuery(exchange, page)
    if (newest !== undefined) {
      const { tags, total } = await counts(exchange, () => listNewestTags(metadata, name, newest))
      const next = nextOf(tags, page, ({ pushed, tag }) => `${pushed} ${tag}`)
      return answer(200, { repository: name, tags: tags.map(showTag), total, ...next })
    }
    const found = await listTagSummaries(metadata, name, page, (work) => counts(exchange, work))
    return answer(200, {
      repository: name,
      tags: found.map(showTag),
      ...nextOf(found, page, ({ tag }) => tag),
    })
  }
}

function showTag({ artifactType, platforms, pushed, pulled, ...tag }: TagSummary) {
  return {
    ...tag,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platforms === undefined ? {} : { platforms }),
    pushed: date(pushed),
    ...optionalDate('pulled', pulled),
  }
}

/** Undefined when tags are asked for by name. Throws REQUEST_INVALID. */
function newestQuery(exchange: Exchange, { after, limit }: PageQuery): NewestQuery | undefined {
  const order = exchange.query.get('order') ?? 'name'
  const part = textParam(exchange, 'q') ?? ''
  if (order !== 'name' && order !== 'pushed') throw invalid('order', 'order takes name or pushed')
  if (order === 'name') {
    if (part === '') return undefined
    throw invalid('q', 'q takes a part of a tag together with order=pushed')
  }
  const [, at, tag] = /^(\d{1,16}) (\S+)$/.exec(after ?? '') ?? []
  const place = tag === undefined ? undefined : parseTag(tag)
  if (after !== undefined && place === undefined)
    throw invalid('last', 'last takes the `next` of an earlier page')
  return { part, after: place === undefined ? undefined : { at: Number(at), tag: place }, limit }
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message, detail: { field } })
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
