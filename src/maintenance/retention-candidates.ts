import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keyAfter, keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import type { PolicyRecord, RetentionRule } from '../records/policy.ts'
import { pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import { parentFromKey } from '../registry/delete-manifest.ts'
import { immutablePattern } from '../registry/immutable-tags.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { matchesPattern } from '../registry/patterns.ts'
import { isAbout } from '../registry/policies.ts'
import { type NamedRepository, repositoriesIn } from '../registry/repositories.ts'
import { sparedByAge } from '../registry/retention-rules.ts'

const PAGE = 500

/** Something that a rule takes: a tag, or a manifest without one. Dates are milliseconds. */
export interface Candidate {
  readonly repository: RepositoryName
  readonly repo: RepositoryId
  readonly rule: RetentionRule
  readonly tag?: string
  readonly digest: Digest
  /** Bytes of the manifest itself; what it leads to may be used elsewhere. */
  readonly size: number
  readonly since: number
  readonly pulled: number | undefined
}

/** What the rules of a project would take now, repository by repository. Decides nothing: the removal looks again. */
export async function* candidatesIn(
  parts: RegistryParts,
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

async function* tagged(
  parts: RegistryParts,
  repository: NamedRepository,
  by: { readonly rule: RetentionRule; readonly pattern: string; readonly policy: PolicyRecord },
): AsyncGenerator<Candidate> {
  const { rule, pattern, policy } = by
  const tags: { tag: string; digest: Digest; at: number }[] = []
  for await (const { key, value } of pages(parts, keys.tags(repository.id))) {
    const reader = new TupleReader(key)
    reader.bytes(8)
    const tag = reader.text()
    if (matchesPattern(pattern, tag)) tags.push({ tag, ...tagCodec.decode(value) })
  }
  tags.sort((a, b) => b.at - a.at)
  for (const { tag, digest, at } of tags.slice(rule.keepLast ?? 0)) {
    if (immutablePattern(policy, tag) !== undefined) continue
    const candidate = await judged(parts, repository, { rule, digest, since: at })
    if (candidate !== undefined) yield { ...candidate, tag }
  }
}

async function* untagged(
  parts: RegistryParts,
  repository: NamedRepository,
  rule: RetentionRule,
): AsyncGenerator<Candidate> {
  const { id } = repository
  for await (const { key, value } of pages(parts, keys.manifests(id))) {
    const manifest = manifestCodec.decode(value)
    const reader = new TupleReader(key)
    reader.bytes(8)
    const digest = reader.digest()
    if (manifest.subject !== undefined) continue
    if ((await parts.metadata.range({ prefix: keys.tagsOf(id, digest), limit: 1 })).length > 0) continue
    const parents = await parts.metadata.range({ prefix: keys.edges(id, digest), limit: 2 })
    if (parents.some((edge) => parentFromKey(edge.key) !== digest)) continue
    const candidate = await judged(parts, repository, { rule, digest, since: manifest.created })
    if (candidate !== undefined) yield candidate
  }
}

/** The candidate, unless its age or a mark spares it. */
async function judged(
  parts: RegistryParts,
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

async function* pages({ metadata }: RegistryParts, prefix: Uint8Array) {
  let from = prefix
  for (;;) {
    const page = await metadata.range({ prefix, from, limit: PAGE })
    yield* page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    from = keyAfter(end.key)
  }
}
