import type { RegistryParts } from '../registry/parts.ts'
import type { JobThread } from './aside/job-thread.ts'
import { runAside } from './aside/run-aside.ts'
import { snapshotJob } from './backup/daily-snapshot.ts'
import { collectionJob, muchIsDue } from './collection.ts'
import { emptyTrash, muchTrashIsDue, trashIsDue } from './empty-trash.ts'
import { expireSessions } from './expire-sessions.ts'
import { expireUploads } from './expire-uploads.ts'
import { flushPullsJob } from './flush-pulls.ts'
import { foldUsageJob } from './fold-usage.ts'
import type { Job } from './job.ts'
import { noteTimeJob } from './noted-clock.ts'
import { reconcileUsageJob } from './reconcile-usage.ts'
import { retentionJob } from './retention.ts'
import { type ScrubPorts, scrubJob } from './scrub.ts'
import type { SteadyClock } from './steady-clock.ts'
import { type SweepPorts, sweepJob } from './sweep.ts'

const MINUTE = 60_000

/** What jobs need of other rooms. */
export interface JobPorts {
  readonly registry: RegistryParts
  /** Where jobs run that have much to do. */
  readonly thread: JobThread
  /** Whether blobs can be removed there. */
  readonly canRemoveAside: boolean
  /** Milliseconds between two looks whether something is due for the collector. */
  readonly collectEvery: number
  readonly scrub: ScrubPorts
  readonly sweep: SweepPorts
  /** Milliseconds between two snapshots of the records in the blob store; 0: none. */
  readonly snapshotEvery: number
  /** Noted for the next start; undefined where there is another clock to compare with. */
  readonly clock: SteadyClock | undefined
}

/** All background work of the server. */
export function maintenanceJobs(ports: JobPorts): Job[] {
  const { registry, collectEvery, thread } = ports
  const { settings } = registry
  const expiryEvery = Math.min(10 * MINUTE, Math.max(registry.settings.uploadExpiry / 4, collectEvery))
  const trash = { name: 'empty-trash', everyMs: collectEvery, isDue: trashIsDue, run: emptyTrash } as const
  return [
    { name: 'expire-sessions', everyMs: 60 * MINUTE, run: expireSessions },
    onceSettled({ name: 'expire-uploads', everyMs: expiryEvery, run: expireUploads }),
    runAside(collectionJob(registry, collectEvery), { thread, settings, isMuch: muchIsDue }),
    ports.canRemoveAside ? runAside(trash, { thread, settings, isMuch: muchTrashIsDue }) : onceSettled(trash),
    flushPullsJob(registry.pulls, MINUTE),
    retentionJob(registry),
    foldUsageJob,
    reconcileUsageJob,
    scrubJob(ports.scrub),
    onceSettled(sweepJob(ports.sweep)),
    snapshotJob(ports.snapshotEvery),
    ...(ports.clock === undefined ? [] : [noteTimeJob(ports.clock)]),
  ]
}

/** Nothing to do while somebody else may use the same bytes with a copy of the same records. */
function onceSettled(job: Job): Job {
  const { isDue } = job
  return {
    ...job,
    isDue: async (parts) =>
      (isDue === undefined || (await isDue(parts))) && (await parts.blobs.mayRemove?.()) !== false,
  }
}
