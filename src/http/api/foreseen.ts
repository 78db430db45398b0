import type { Foreseen } from '../../maintenance/collection-report.ts'
import { date } from './answers.ts'

/** What will become of an entry of the collector's queue. */
export function showForeseen({ entry, verdict }: Foreseen) {
  const { kind, name, digest, due } = entry
  return {
    kind,
    repository: name,
    ...(digest !== undefined && { digest }),
    due: date(due),
    action: verdict.action,
    reason: verdict.reason,
    ...('bytes' in verdict && { bytes: verdict.bytes }),
    ...('due' in verdict && { until: date(verdict.due) }),
  }
}
