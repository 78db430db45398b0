import { isDeepStrictEqual } from 'node:util'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { type PolicyRecord, policyCodec } from '../records/policy.ts'
import { keepCodec, pulledCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import { changeOf } from '../registry/delete-manifest.ts'
import { moveTag, reviewUntagged } from '../registry/move-tag.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { sparedByAge } from '../registry/retention-rules.ts'
import type { Job, JobParts } from './job.ts'
import { recordsOf } from './records-of.ts'
import { type Candidate, candidatesIn } from './retention-candidates.ts'

const HOUR = 3_600_000

/** Applies the retention rules of all projects that have some. */
export function retentionJob(registry: RegistryParts): Job {
  return {
    name: 'retention',
    everyMs: HOUR,
    isDue: async ({ metadata }) => (await metadata.range({ prefix: keys.policies(), limit: 1 })).length > 0,
    run: async (parts, signal) => {
      for await (const [project, policy] of projectsWithRules(parts)) {
        await parts.attempt(`project '${project}'`, () =>
          applyRules(parts, registry, { project, policy }, signal),
        )
        if (signal.aborted) return
      }
    },
  }
}

async function* projectsWithRules({ metadata }: JobParts): AsyncGenerator<[string, PolicyRecord]> {
  for await (const { key, value } of recordsOf(metadata, 'policy')) {
    const policy = policyCodec.decode(value)
    if (policy.retention.length > 0) yield [new TupleReader(key).text(), policy]
  }
}

async function applyRules(
  parts: JobParts,
  registry: RegistryParts,
  of: { readonly project: string; readonly policy: PolicyRecord },
  signal: AbortSignal,
): Promise<void> {
  const rest = async (): Promise<void> => {
    signal.throwIfAborted()
    await parts.rest()
  }
  for await (const candidate of candidatesIn({ ...registry, rest }, of.project, of.policy)) {
    if (signal.aborted) return
    const what = `${candidate.tag ?? candidate.digest} of '${candidate.repository}'`
    const taken = await parts.attempt(what, () => take(registry, candidate))
    if (taken === true) parts.progress(1)
    await parts.pace()
  }
}

/**
 * Takes the tag, or hands a manifest without one to the collector, which knows what else may use it. The commit checks
 * the tag, the manifest and its marks: a push, a HEAD or a mark that comes between spares it.
 */
function take(registry: RegistryParts, candidate: Candidate): Promise<boolean> {
  const { repository: name, repo, rule, digest, tag } = candidate
  return transact(registry.metadata, async (transaction) => {
    const change = { ...(await changeOf(registry, name)), repo, by: 'retention' }
    if (tag === undefined) {
      reviewUntagged(transaction, { ...change, grace: 0 }, digest)
      return true
    }
    // A run may take hours: who changes or takes back a rule meanwhile means what is still there.
    if (!change.policy.retention.some((one) => isDeepStrictEqual(one, rule))) return false
    const current = await transaction.getChecked(tagCodec, keys.tag(repo, tag))
    const manifest = await transaction.getChecked(manifestCodec, keys.manifest(repo, digest))
    const kept = await transaction.getChecked(keepCodec, keys.keep(repo, digest))
    if (current?.value.digest !== digest || manifest === undefined || kept !== undefined) return false
    const pulled = await transaction.get(pulledCodec, keys.pulled(repo, digest))
    const age = { since: current.value.at, confirmed: manifest.value.confirmed, pulled: pulled?.value.at }
    if (sparedByAge(rule, age, { now: change.at, grace: change.grace }) !== undefined) return false
    await moveTag(transaction, { ...change, tag, rule: rule.name }, undefined)
    return true
  })
}
