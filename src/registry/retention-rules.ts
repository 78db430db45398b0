import type { RetentionRule } from '../records/policy.ts'

const DAY = 24 * 3_600_000

/** What was pulled within so many days stays, unless a rule says otherwise. */
const PULLED_DAYS = 30

/** What is known of a manifest, or of the tag that leads to it. Dates are milliseconds. */
export interface Age {
  /** When the manifest came, or the tag was set. */
  readonly since: number
  /** When a client was last told that the manifest is here. */
  readonly confirmed: number
  readonly pulled: number | undefined
}

/** Why a rule spares something, and until when. */
export interface Spared {
  readonly reason: string
  readonly until: number
}

/** Whether a rule spares something because of its age; undefined: it does not. */
export function sparedByAge(
  rule: RetentionRule,
  age: Age,
  times: { readonly now: number; readonly grace: number },
): Spared | undefined {
  const { keepYoungerDays: young = 0, keepPulledDays: pulled = PULLED_DAYS } = rule
  const spared: Spared[] = [
    { reason: 'a client was told lately that it is here', until: age.confirmed + times.grace },
    { reason: `younger than ${young} days`, until: age.since + young * DAY },
    ...(age.pulled === undefined || pulled === 0
      ? []
      : [{ reason: `pulled within ${pulled} days`, until: age.pulled + pulled * DAY }]),
  ]
  const [longest] = spared.filter(({ until }) => until >= times.now).sort((a, b) => b.until - a.until)
  // Days need not be whole ones, and queues go by whole milliseconds.
  return longest && { ...longest, until: Math.ceil(longest.until) }
}
