import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { type NamedRepository, repositoriesIn } from '../records/repositories.ts'
import { tagCodec } from '../records/tag.ts'

/** Records of one kind that are counted in one repository; more are said to be more. */
const COUNT_LIMIT = 1000
/** Records that a page counts before it only counts a few in each of its other repositories: each costs 10 µs. */
const PAGE_BUDGET = 20_000
const FEW = 100

/** A number that was counted up to a limit. */
export interface Count {
  readonly count: number
  /** There are more. */
  readonly more: boolean
}

export interface RepositorySummary {
  readonly name: RepositoryName
  readonly created: number
  readonly tags: Count
  readonly manifests: Count
  /** When a tag of it last moved, among the tags that were counted. */
  readonly pushed: number | undefined
}

/** One page of a project's repositories that hold a manifest. */
export async function listRepositories(
  metadata: MetadataStore,
  project: string,
  page: { readonly after: RepositoryName | undefined; readonly limit: number },
): Promise<RepositorySummary[]> {
  const found: RepositorySummary[] = []
  let counted = 0
  for await (const repository of repositoriesIn(metadata, project, page.after)) {
    const summary = await summarize(metadata, repository, counted < PAGE_BUDGET ? COUNT_LIMIT : FEW)
    counted += summary.tags.count + summary.manifests.count
    if (summary.manifests.count > 0) found.push(summary)
    if (found.length === page.limit) break
  }
  return found
}

async function summarize(
  metadata: MetadataStore,
  { name, id, created }: NamedRepository,
  limit: number,
): Promise<RepositorySummary> {
  const tags = await metadata.range({ prefix: keys.tags(id), limit: limit + 1 })
  const manifests = await metadata.range({ prefix: keys.manifests(id), limit: limit + 1 })
  const times = tags.map(({ value }) => tagCodec.decode(value).at)
  return {
    name,
    created,
    tags: countOf(tags.length, limit),
    manifests: countOf(manifests.length, limit),
    pushed: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
  }
}

function countOf(found: number, limit: number): Count {
  return { count: Math.min(found, limit), more: found > limit }
}
