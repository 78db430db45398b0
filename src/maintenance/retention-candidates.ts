import { ShortTurns } from '../../storage/short-turns.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { pagesOf } from '../records/pages.ts'
import type { PolicyRecord, RetentionRule } from '../records/policy.ts'
import { readContentKey, readEdgeKey, readTagKey } from '../records/read-key.ts'
import { type NamedRepository, repositoriesIn } from '../records/repositories.ts'
import { pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { immutablePattern } from '../registry/immutable-tags.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { matchesPattern } from '../registry/patterns.ts'
import { isAbout } from '../registry/policies.ts'
import { sparedByAge } from '../registry/retention-rules.ts'
import { Newest } from './newest.ts'
import { stillKept } from './still-kept.ts'

const PAGE = 500

/** Something that a rule takes: a tag, or a manifest without one. Dates are milliseconds. */
export interface Candidate {
  readonly repository: RepositoryName
  readonly repo: RepositoryId
  readonly rule: RetentionRule
  readonly tag?: Tag
  readonly digest: Digest
  /** Bytes of the manifest itself; what it leads to may be used elsewhere. */
  readonly size: number
  readonly since: number
  readonly pulled: number | undefined
}

export interface CandidateParts extends KeepingParts {
  /** To be awaited between steps of microseconds, as many as there are tags and manifests. What it throws ends the walk. */
  readonly rest: () => Promise<void>
}

/** What the rules of a project would take now, repository by repository. Decides nothing: the removal looks again. */
export async function* candidatesIn(
  parts: CandidateParts,
  project: string,
  policy: PolicyRecord,
): AsyncGenerator<Candidate> {
  for await (const repository of repositoriesIn(parts.metadata, project)) {
    const rules = policy.retention.filter((rule) => isAbout(rule, repository.name))
    for (const rule of rules) {
      if (rule.tags === undefined) yield* untagged(parts, repository, rule)
      else yield* tagged(parts, repository, { rule, pattern: rule.tags, policy })
    }
  }
}

/** The same for a request, in turns with others. */
export function candidatesNow(
  parts: KeepingParts,
  project: string,
  policy: PolicyRecord,
): AsyncGenerator<Candidate> {
  const turns = new ShortTurns({ isUrgent: true })
  const rest = async (): Promise<void> => {
    if (turns.isOver) await turns.rest()
  }
  return candidatesIn({ ...parts, rest }, project, policy)
}

interface TagRule {
  readonly rule: RetentionRule
  readonly pattern: string
  readonly policy: PolicyRecord
}

async function* tagged(
  parts: CandidateParts,
  repository: NamedRepository,
  by: TagRule,
): AsyncGenerator<Candidate> {
  const { rule, policy } = by
  const { isAmong: isAmongLast, areThere } = await lastOf(parts, repository, by)
  for await (const { tag, digest, at } of tagsUnder(parts, repository, by)) {
    if (isAmongLast(at) || immutablePattern(policy, tag) !== undefined) continue
    const candidate = await judged(parts, repository, { rule, digest, since: at })
    if (candidate === undefined) continue
    // Somebody has deleted some of the last meanwhile: others are the last now. The next run finds out which.
    if (!(await areThere())) return
    yield { ...candidate, tag }
  }
}

interface Last {
  /** Says of each tag's time, in the order of the tags, whether the rule keeps it as one of the last. */
  readonly isAmong: (at: number) => boolean
  /** Whether there are still as many as new: a run may take hours. */
  readonly areThere: () => Promise<boolean>
}

async function lastOf(parts: CandidateParts, repository: NamedRepository, by: TagRule): Promise<Last> {
  const { keepLast = 0 } = by.rule
  if (keepLast === 0) return { isAmong: () => false, areThere: () => Promise.resolve(true) }
  const newest = new Newest(keepLast)
  // Of times to come are those that were set while a clock was ahead. Counted, they would be the last for as long.
  const now = parts.now()
  for await (const { at } of tagsUnder(parts, repository, by)) if (at <= now) newest.add(at)
  const { times } = newest
  const [oldest = Number.POSITIVE_INFINITY] = times
  const countNow = async (): Promise<number> => {
    let count = 0
    const until = parts.now()
    for await (const { at } of tagsUnder(parts, repository, by)) if (at >= oldest && at <= until) count += 1
    return count
  }
  const isAmong = newest.among()
  return { isAmong: (at) => at > now || isAmong(at), areThere: stillKept(times.length, countNow) }
}

async function* tagsUnder(parts: CandidateParts, { id }: NamedRepository, { pattern }: TagRule) {
  for await (const { key, value } of entriesUnder(parts, keys.tags(id))) {
    const { tag } = readTagKey(key)
    if (matchesPattern(pattern, tag)) yield { tag, ...tagCodec.decode(value) }
  }
}

async function* untagged(
  parts: CandidateParts,
  repository: NamedRepository,
  rule: RetentionRule,
): AsyncGenerator<Candidate> {
  const { id } = repository
  for await (const { key, value } of entriesUnder(parts, keys.manifests(id))) {
    const manifest = manifestCodec.decode(value)
    const { digest } = readContentKey(key)
    if (manifest.subject !== undefined) continue
    if ((await parts.metadata.range({ prefix: keys.tagsOf(id, digest), limit: 1 })).length > 0) continue
    const parents = await parts.metadata.range({ prefix: keys.edges(id, digest), limit: 2 })
    if (parents.some((edge) => readEdgeKey(edge.key).parent !== digest)) continue
    const candidate = await judged(parts, repository, { rule, digest, since: manifest.created })
    if (candidate !== undefined) yield candidate
  }
}

/** The candidate, unless its age or a mark spares it. */
async function judged(
  parts: KeepingParts,
  repository: NamedRepository,
  what: { readonly rule: RetentionRule; readonly digest: Digest; readonly since: number },
): Promise<Candidate | undefined> {
  const { rule, digest, since } = what
  const { id: repo, name } = repository
  const [manifest, pulled, kept] = await parts.metadata.read([
    keys.manifest(repo, digest),
    keys.pulled(repo, digest),
    keys.keep(repo, digest),
  ])
  if (manifest === undefined || kept !== undefined) return undefined
  const { confirmed, size } = manifestCodec.decode(manifest.value)
  const lastPull = pulled && pulledCodec.decode(pulled.value).at
  const times = { now: parts.now(), grace: parts.settings.grace }
  if (sparedByAge(rule, { since, confirmed, pulled: lastPull }, times) !== undefined) return undefined
  return { repository: name, repo, rule, digest, size, since, pulled: lastPull }
}

async function* entriesUnder({ metadata, rest }: CandidateParts, prefix: Uint8Array) {
  for await (const page of pagesOf(metadata, { prefix, limit: PAGE }))
    for (const entry of page) {
      yield entry
      await rest()
    }
}
