import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { sizeField } from './fields.ts'

const patternField = z.string().min(1).max(128)
const daysField = z.number().min(0).max(36_500)

/** What a project lets go of: see retention.ts. */
export const retentionRuleField = z.strictObject({
  /** Shown wherever something went by it. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  /** Repositories it is about, without the project: a pattern; absent: all. */
  repositories: patternField.optional(),
  /** Tags it is about. Absent: manifests without a tag. */
  tags: patternField.optional(),
  /** Of the tags of a repository, the n that moved last stay. */
  keepLast: z.number().int().min(0).max(100_000).optional(),
  /** What is younger than so many days stays. */
  keepYoungerDays: daysField.optional(),
  /** What was pulled within so many days stays; 30 unless told. */
  keepPulledDays: daysField.optional(),
})
export type RetentionRule = z.infer<typeof retentionRuleField>

export const policyFields = {
  /** Bytes of distinct content that the project may hold. */
  quotaBytes: sizeField.optional(),
  /** Tags that, once set, neither move nor go: patterns. */
  immutableTags: z.array(patternField).max(50),
  /** As on gcr.io: a manifest is deleted by digest only when no tag and no index leads to it. */
  refuseDangling: z.boolean(),
  retention: z.array(retentionRuleField).max(50),
}

/** Value of `policy`: what a project's admins decided about its content. */
export const policyCodec = recordCodec('policy', 1, z.object(policyFields))
export type PolicyRecord = ReturnType<typeof policyCodec.decode>

export const NO_POLICY: PolicyRecord = { immutableTags: [], refuseDangling: false, retention: [] }
