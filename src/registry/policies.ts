import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type RepositoryName, restOf } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { NO_POLICY, type PolicyRecord, policyCodec, type RetentionRule } from '../records/policy.ts'
import { matchesPattern } from './patterns.ts'

/** What a project's admins decided about its content. */
export async function policyOf(
  metadata: Pick<MetadataStore, 'read'>,
  project: string,
): Promise<PolicyRecord> {
  const [stored] = await metadata.read([keys.policy(project)])
  return stored === undefined ? NO_POLICY : policyCodec.decode(stored.value)
}

/** The rules about manifests without a tag that a repository is under. */
export function untaggedRules(policy: PolicyRecord, name: RepositoryName): readonly RetentionRule[] {
  return policy.retention.filter((rule) => rule.tags === undefined && isAbout(rule, name))
}

/** Whether a rule is about a repository. */
export function isAbout(rule: RetentionRule, name: RepositoryName): boolean {
  return rule.repositories === undefined || matchesPattern(rule.repositories, restOf(name))
}
