import type { Logger } from 'pino'
import { blobsIn } from './compose-directory.ts'
import type { Config } from './config/schema.ts'
import { backgroundFailure } from './log.ts'
import { JobThread } from './maintenance/aside/job-thread.ts'
import { Backups } from './maintenance/backup/backups.ts'
import { snapshotUploads } from './maintenance/backup/daily-snapshot.ts'
import { Fsck } from './maintenance/fsck.ts'
import type { RunProgress } from './maintenance/job-runner.ts'
import { type JobPorts, maintenanceJobs } from './maintenance/jobs.ts'
import { type Maintenance, startMaintenance } from './maintenance/schedule.ts'
import { SharedFsck } from './maintenance/shared-fsck.ts'
import { steadyClock } from './maintenance/steady-clock.ts'
import { requestSweep, SWEEP } from './maintenance/sweep.ts'
import type { RegistryParts } from './registry/parts.ts'
import { confirmBytes, quarantine } from './registry/quarantine.ts'

/** What runs beside the requests: background work, and what an administrator has asked for. */
export interface Upkeep {
  readonly maintenance: Maintenance
  readonly fsck: SharedFsck
  readonly backups: Backups
  /** Waits for the steps that are running now; no other begins. */
  stop(): Promise<void>
}

/** Told of background work, to count it. */
interface WorkCount {
  finished(job: string, done: number): void
  failed(): void
}

export function startUpkeep(
  config: Config,
  log: Logger,
  {
    registry,
    checks,
    counted,
  }: {
    readonly registry: RegistryParts
    /** What has to hold for requests has to for what runs beside them: a clock that is wrong makes everything old. */
    readonly checks: readonly (() => Promise<void>)[]
    readonly counted: WorkCount
  },
): Upkeep {
  const { metadata, blobs, now } = registry
  const steady = steadyClock({
    wall: now,
    passed: () => performance.now(),
    hold: Math.max(config.grace, config.uploadExpiry),
  })
  const failed = backgroundFailure(log, 'background work failed')
  const onError = (error: unknown, what: string) => {
    counted.failed()
    failed(error, what)
  }
  const thread = new JobThread({
    module: new URL('./compose-upkeep-worker.ts', import.meta.url),
    workerData: blobsIn(config),
    onError,
  })
  const ports = jobPorts(config, { ...registry, now: steady }, thread)
  const onProgress = (job: string, progress: RunProgress) => {
    if (progress.finished) counted.finished(job, progress.done)
    log.info({ job, ...progress }, 'background work')
  }
  const maintenance = startMaintenance(
    { metadata, blobs, now, steady, checks, onError, onProgress },
    maintenanceJobs(ports),
  )
  const fsck = new SharedFsck({
    fsck: createFsck(registry, ports, maintenance),
    metadata,
    now,
    onError: (error) => onError(error, 'fsck'),
  })
  const backups = new Backups({ metadata, blobs, now })
  return {
    maintenance,
    fsck,
    backups,
    stop: async () => {
      await backups.stop()
      await fsck.stop()
      await maintenance.stop()
      await thread.stop()
    },
  }
}

/** An upload's record follows its first bytes at once, so an hour is plenty; a test's grace may be shorter. */
const SWEEP_AGE = 3_600_000

function jobPorts(config: Config, registry: RegistryParts, thread: JobThread): JobPorts {
  const { collectEvery, scrubRate, scrubEvery, sweepEvery, snapshotEvery, grace } = config
  return {
    registry,
    thread,
    canRemoveAside: config.blobs.kind === 'filesystem',
    collectEvery,
    scrub: {
      quarantine: (damage) => quarantine(registry, damage),
      confirmBytes: (sha256, location) => confirmBytes(registry, sha256, location),
      settings: { scrubRate, scrubEvery },
    },
    sweep: {
      keptUploads: () => snapshotUploads(registry.metadata),
      settings: { sweepEvery, sweepAge: Math.min(grace, SWEEP_AGE) },
    },
    snapshotEvery,
  }
}

function createFsck(registry: RegistryParts, ports: JobPorts, maintenance: Maintenance): Fsck {
  const { metadata, blobs, now, settings } = registry
  return new Fsck({
    ...ports.scrub,
    ...ports.sweep,
    metadata,
    blobs,
    now,
    grace: settings.grace,
    sweep: async () => {
      await requestSweep(metadata)
      maintenance.runNow(SWEEP)
    },
  })
}
