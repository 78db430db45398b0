import type { Logger } from 'pino'
import { blobsIn } from './compose-directory.ts'
import type { Config } from './config/schema.ts'
import { type Webhook, webhookJob } from './events/tell-webhook.ts'
import { backgroundFailure } from './log.ts'
import { JobThread } from './maintenance/aside/job-thread.ts'
import { Backups } from './maintenance/backup/backups.ts'
import { snapshotUploads } from './maintenance/backup/daily-snapshot.ts'
import { forgetHolds } from './maintenance/backup/holds.ts'
import { Fsck } from './maintenance/fsck.ts'
import type { RunProgress } from './maintenance/job-runner.ts'
import { type JobPorts, maintenanceJobs } from './maintenance/jobs.ts'
import { readClockNote } from './maintenance/noted-clock.ts'
import { type Maintenance, startMaintenance } from './maintenance/schedule.ts'
import { SharedFsck } from './maintenance/shared-fsck.ts'
import { BELIEVED_MS, SteadyClock } from './maintenance/steady-clock.ts'
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

export async function startUpkeep(
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
): Promise<Upkeep> {
  const { metadata, blobs, now } = registry
  const isAlone = config.metadata === 'level'
  if (isAlone) await forgetHolds(metadata)
  const clock = await openClock(config, log, registry)
  const steady = clock.now
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
  const ports = {
    ...jobPorts(config, { ...registry, now: steady }, thread),
    clock: isAlone ? clock : undefined,
  }
  const onProgress = (job: string, progress: RunProgress) => {
    if (progress.finished) counted.finished(job, progress.done)
    log.info({ job, ...progress }, 'background work')
  }
  const maintenance = startMaintenance({ metadata, blobs, now, steady, checks, onError, onProgress }, [
    ...maintenanceJobs(ports),
    webhookJob(webhookOf(config)),
  ])
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

function webhookOf({ webhook, webhookSecret, publicUrl }: Config): Webhook | undefined {
  return webhook === undefined ? undefined : { url: webhook, secret: webhookSecret, origin: publicUrl }
}

/** Goes on from what was noted when the registry last ran, and says when the machine's clock does not fit that. */
async function openClock(
  config: Config,
  log: Logger,
  { metadata, now }: Pick<RegistryParts, 'metadata' | 'now'>,
): Promise<SteadyClock> {
  const noted = await readClockNote(metadata)
  const hold = Math.max(config.grace, config.uploadExpiry)
  const clock = new SteadyClock({ wall: now, passed: () => performance.now(), hold }, noted)
  if (noted === undefined) return clock
  const times = { last: new Date(noted.wall).toISOString(), now: new Date(now()).toISOString() }
  if (now() - noted.wall > BELIEVED_MS)
    log.info(
      { ...times, holdMs: hold },
      'the registry did not run for more than a day, or the clock of this machine is ahead: what is kept for a time is kept until it has run for holdMs',
    )
  if (noted.wall - now() > CLOCK_BACK_MS)
    log.warn(
      times,
      'the clock of this machine is behind the time at which the registry last ran: one of them is wrong. What is pushed now counts as pushed at this time',
    )
  return clock
}

/** What a clock is set back by without a word. */
const CLOCK_BACK_MS = 60_000

/** An upload's record follows its first bytes at once, so an hour is plenty; a test's grace may be shorter. */
const SWEEP_AGE = 3_600_000

function jobPorts(config: Config, registry: RegistryParts, thread: JobThread): Omit<JobPorts, 'clock'> {
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

function createFsck(
  registry: RegistryParts,
  ports: Pick<JobPorts, 'scrub' | 'sweep'>,
  maintenance: Maintenance,
): Fsck {
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
