import type { RegistryParts } from '../registry/parts.ts'
import { collectionJob } from './collection.ts'
import { emptyTrash, trashIsDue } from './empty-trash.ts'
import { expireSessions } from './expire-sessions.ts'
import { expireUploads } from './expire-uploads.ts'
import { flushPullsJob } from './flush-pulls.ts'
import { foldUsageJob, reconcileUsageJob } from './fold-usage.ts'
import type { Job } from './job.ts'
import { retentionJob } from './retention.ts'

const MINUTE = 60_000

/** All background work of the server. */
export function maintenanceJobs(parts: {
  readonly registry: RegistryParts
  /** Milliseconds between two looks whether something is due. */
  readonly collectEvery: number
}): Job[] {
  const { registry, collectEvery } = parts
  const expiryEvery = Math.min(10 * MINUTE, Math.max(registry.settings.uploadExpiry / 4, collectEvery))
  return [
    { name: 'expire-sessions', everyMs: 60 * MINUTE, run: expireSessions },
    { name: 'expire-uploads', everyMs: expiryEvery, run: expireUploads },
    collectionJob(registry, collectEvery),
    { name: 'empty-trash', everyMs: collectEvery, isDue: trashIsDue, run: emptyTrash },
    flushPullsJob(registry.pulls, MINUTE),
    retentionJob(registry),
    foldUsageJob,
    reconcileUsageJob,
  ]
}
