import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { type NamedRepository, repositoriesIn } from '../records/repositories.ts'
import { tagCodec } from '../records/tag.ts'
import { batchesOf } from './batches.ts'

/** Records of one kind that are counted in one repository; more are said to be more. */
const COUNT_LIMIT = 1000
/** Records that a page counts before it only counts a few in each of its other repositories: each costs 10 µs. */
const PAGE_BUDGET = 20_000
const FEW = 100
/** Bytes of records that are read to be counted: a manifest's may have megabytes. */
const COUNT_BYTES = 4 << 20
/** Records of each kind that are read of several repositories together, which is one trip to PostgreSQL, and their bytes. */
const FIRST = 20
const FIRST_BYTES = 256 << 10
/** Repositories of which these are read together. */
const TOGETHER = 32
/** Repositories without a manifest that a page passes over before it ends and says where to go on. */
const PASSED_OVER = 1000

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

/** One page of a project's repositories that hold a manifest; `next`, behind which it goes on, unless that is the end. */
export async function listRepositories(
  metadata: MetadataStore,
  project: string,
  page: { readonly after: RepositoryName | undefined; readonly limit: number },
): Promise<{ readonly found: readonly RepositorySummary[]; readonly next: RepositoryName | undefined }> {
  const found: RepositorySummary[] = []
  let [counted, passed] = [0, 0]
  for await (const batch of batchesOf(repositoriesIn(metadata, project, page.after), TOGETHER)) {
    const begun = await Promise.all(batch.map((repository) => begin(metadata, repository)))
    for (const one of begun) {
      const summary = await summarize(metadata, one, counted < PAGE_BUDGET ? COUNT_LIMIT : FEW)
      counted += summary.tags.count + summary.manifests.count
      if (summary.manifests.count > 0) found.push(summary)
      else passed += 1
      if (found.length === page.limit || passed === PASSED_OVER) return { found, next: summary.name }
    }
  }
  return { found, next: undefined }
}

/** The first records of a repository, and whether they are all. */
interface Begun {
  readonly repository: NamedRepository
  readonly tags: readonly Entry[]
  readonly manifests: readonly Entry[]
}

async function begin(metadata: MetadataStore, repository: NamedRepository): Promise<Begun> {
  const [tags, manifests] = await Promise.all(
    [keys.tags(repository.id), keys.manifests(repository.id)].map((prefix) =>
      metadata.range({ prefix, limit: FIRST, bytes: FIRST_BYTES }),
    ),
  )
  return { repository, tags: tags ?? [], manifests: manifests ?? [] }
}

function isAll(entries: readonly Entry[]): boolean {
  return entries.length < FIRST && bytesOf(entries) < FIRST_BYTES
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { value }) => sum + value.length, 0)
}

async function summarize(
  metadata: MetadataStore,
  { repository: { name, id, created }, ...begun }: Begun,
  limit: number,
): Promise<RepositorySummary> {
  const tags = isAll(begun.tags)
    ? begun.tags
    : await metadata.range({ prefix: keys.tags(id), limit: limit + 1 })
  const most = { limit: limit + 1, bytes: COUNT_BYTES }
  const manifests = isAll(begun.manifests)
    ? begun.manifests
    : await metadata.range({ prefix: keys.manifests(id), ...most })
  const isCut = bytesOf(manifests) >= COUNT_BYTES
  const times = tags.map(({ value }) => tagCodec.decode(value).at)
  return {
    name,
    created,
    tags: countOf(tags.length, limit),
    manifests: isCut
      ? { count: Math.min(manifests.length, limit), more: true }
      : countOf(manifests.length, limit),
    pushed: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
  }
}

function countOf(found: number, limit: number): Count {
  return { count: Math.min(found, limit), more: found > limit }
}
