import { transact } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { NO_POLICY, type PolicyRecord, policyCodec, type RetentionRule } from '../records/policy.ts'
import { projectCodec } from '../records/project.ts'
import type { RegistryParts } from './parts.ts'

/** Changes parts of a project's policy. Throws REQUEST_INVALID, and NAME_UNKNOWN when the project is gone. */
export function changePolicy(
  parts: RegistryParts,
  project: string,
  change: (policy: PolicyRecord) => PolicyRecord,
): Promise<PolicyRecord> {
  return transact(parts.metadata, async (transaction) => {
    const there = await transaction.getChecked(projectCodec, keys.project(project))
    if (there === undefined)
      throw new RegistryError('NAME_UNKNOWN', { message: `there is no project '${project}'` })
    const current = await transaction.getChecked(policyCodec, keys.policy(project))
    const policy = change(current?.value ?? NO_POLICY)
    checkRules(policy.retention)
    transaction.set(policyCodec, keys.policy(project), policy)
    return policy
  })
}

/** Throws REQUEST_INVALID for rules that nobody can have meant. */
export function checkRules(rules: readonly RetentionRule[]): void {
  const names = rules.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw badRule(twice, 'two rules have this name')
  for (const { name, tags, keepLast, keepYoungerDays, keepPulledDays } of rules) {
    if (tags === undefined && keepLast !== undefined)
      throw badRule(name, 'keepLast counts tags, so it goes with `tags`')
    if (
      tags !== undefined &&
      keepLast === undefined &&
      keepYoungerDays === undefined &&
      keepPulledDays === undefined
    )
      throw badRule(name, 'it says nothing that stays; give keepLast, keepYoungerDays or keepPulledDays')
  }
}

function badRule(name: string, why: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', {
    message: `retention rule '${name}': ${why}`,
    detail: { field: 'retention', rule: name },
  })
}
