import type { Transaction, Versioned } from '../../storage/metadata/transact.ts'
import { projectOf } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import type { RetentionRule } from '../records/policy.ts'
import { readEdgeKey, readReferrerKey } from '../records/read-key.ts'
import { keepCodec, pulledCodec } from '../records/review.ts'
import { buryManifest } from '../registry/graves.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { policyOf, untaggedRules } from '../registry/policies.ts'
import { type Spared, sparedByAge } from '../registry/retention-rules.ts'
import { type Owned, reviewSoon } from '../registry/review.ts'
import type { Look, ReviewEntry } from './review-queue.ts'

/** Referrers that one commit can check; a subject with more loses them in steps, before itself. */
const MOST_REFERRERS = 500

/**
 * A manifest without a tag goes only where a rule of the project says so: because it is under a rule about untagged
 * manifests, or because a rule took the index or subject that it belonged to. The commit checks its version, that it
 * has no tag and no parent, and its range of referrers, which go along.
 */
export const collectManifest: Look = async (transaction, parts, entry) => {
  const { name, repo, digest } = entry
  if (digest === undefined) return { action: 'kept', reason: 'not a manifest' }
  const manifest = await transaction.getChecked(manifestCodec, keys.manifest(repo, digest))
  if (manifest === undefined) return { action: 'kept', reason: 'removed before' }
  const owned = { name, repo, digest }
  const use = await useOf(transaction, owned, manifest)
  if (use !== undefined) return { action: 'kept', reason: use }
  const rules = await rulesFor(transaction, entry, manifest.value)
  if (rules.length === 0) return { action: 'kept', reason: 'no rule of the project takes it' }
  const { rule, spared } = await judge(transaction, parts, { owned, manifest: manifest.value, rules })
  if (spared !== undefined) return { action: 'later', reason: spared.reason, due: spared.until + 1 }
  const all = await reviewReferrers(transaction, parts, { owned, owner: manifest.key, rule })
  if (!all) return { action: 'later', reason: 'its referrers go first', due: parts.now() + 1000 }
  const policy = rule.name
  buryManifest(transaction, parts, { ...owned, record: manifest.value, tags: [], by: 'retention', policy })
  const reason = `no tag leads to it, and rule '${policy}' takes such manifests`
  return { action: 'removed', reason, bytes: manifest.value.size }
}

/** Why the manifest is in use; undefined when it is not, which the commit then checks. */
async function useOf(
  transaction: Transaction,
  { repo, digest }: Owned,
  manifest: Versioned<ManifestRecord>,
): Promise<string | undefined> {
  const [tags, edges] = [keys.tagsOf(repo, digest), keys.edges(repo, digest)]
  if ((await transaction.range({ prefix: tags, limit: 1 })).length > 0) return 'a tag leads to it'
  const parents = await transaction.range({ prefix: edges, limit: 2 })
  // A large manifest is a blob of the repository, too, with an edge from itself.
  if (parents.some(({ key }) => readEdgeKey(key).parent !== digest)) return 'an index leads to it'
  if ((await transaction.getChecked(keepCodec, keys.keep(repo, digest))) !== undefined)
    return 'it is marked to be kept'
  transaction.checkRange(manifest.key, tags, [])
  transaction.checkRange(manifest.key, edges, parents)
  return undefined
}

/**
 * A referrer goes with its subject alone: one whose subject never was, or was deleted by hand, is a root. What goes along
 * is spared as the rule says, too: a child that is pulled by its digest is in use.
 */
async function rulesFor(
  transaction: Transaction,
  { name, policy }: ReviewEntry,
  manifest: ManifestRecord,
): Promise<readonly RetentionRule[]> {
  const ofProject = await policyOf(transaction, projectOf(name))
  if (policy !== undefined) {
    const { keepPulledDays } = ofProject.retention.find((rule) => rule.name === policy) ?? {}
    return [{ name: policy, keepPulledDays }]
  }
  return manifest.subject === undefined ? untaggedRules(ofProject, name) : []
}

/** The rule that spares it for the shortest time, or not at all. */
async function judge(
  transaction: Transaction,
  parts: KeepingParts,
  what: {
    readonly owned: Owned
    readonly manifest: ManifestRecord
    readonly rules: readonly RetentionRule[]
  },
): Promise<{ readonly rule: RetentionRule; readonly spared: Spared | undefined }> {
  const { repo, digest } = what.owned
  const { created, confirmed } = what.manifest
  const pulled = await transaction.get(pulledCodec, keys.pulled(repo, digest))
  const age = { since: created, confirmed, pulled: pulled?.value.at }
  const times = { now: parts.now(), grace: parts.settings.grace }
  const verdicts = what.rules.map((rule) => ({ rule, spared: sparedByAge(rule, age, times) }))
  const [first, ...rest] = verdicts
  if (first === undefined) throw new TypeError('there is no rule to judge by')
  return rest.reduce((a, b) => ((b.spared?.until ?? 0) < (a.spared?.until ?? 0) ? b : a), first)
}

/** Queues the referrers, which go along. False: there are more than one commit can check. */
async function reviewReferrers(
  transaction: Transaction,
  parts: KeepingParts,
  subject: { readonly owned: Owned; readonly owner: Uint8Array; readonly rule: RetentionRule },
): Promise<boolean> {
  const { name, repo, digest } = subject.owned
  const prefix = keys.referrers(repo, digest)
  const referrers = await transaction.range({ prefix, limit: MOST_REFERRERS + 1 })
  for (const { key } of referrers) {
    reviewSoon(transaction, parts, {
      kind: 'manifest',
      name,
      repo,
      digest: readReferrerKey(key).digest,
      policy: subject.rule.name,
    })
  }
  if (referrers.length > MOST_REFERRERS) return false
  transaction.checkRange(subject.owner, prefix, referrers)
  return true
}
