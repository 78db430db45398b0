import { randomUUID } from 'node:crypto'
import { RegistryError } from '../oci/registry-error.ts'
import { type Failure, listFailures } from './failures.ts'
import type { Job } from './job.ts'
import { JobRunner, type JobStatus, type RunnerParts } from './job-runner.ts'
import { sameRegistry } from './same-registry.ts'
import { wholeRecords } from './whole-records.ts'

/** A job whose runs fail is tried again later each time, up to this factor of its interval, and once a day. */
const MOST_BACK_OFF = 32
const DAY_MS = 24 * 3_600_000

/** Background work that runs as long as the server. */
export interface Maintenance {
  readonly jobs: readonly JobStatus[]
  /** Items that failed, of all jobs. */
  failures(): Promise<Failure[]>
  /** Begins a run of `name` now, if none is under way. Throws NAME_UNKNOWN. */
  runNow(name: string): void
  /** Waits for the steps that are running now; no other begins. */
  stop(): Promise<void>
}

export interface MaintenanceParts extends Omit<RunnerParts, 'holder' | 'checkRecords'> {
  /** What has to hold before each run, beside the records; a rejection says what does not. */
  readonly checks?: readonly (() => Promise<void>)[]
}

/** Starts all jobs, each at once: they clear what the last run of the server left. None waits for another. */
export function startMaintenance(parts: MaintenanceParts, jobs: readonly Job[]): Maintenance {
  const stopping = new AbortController()
  const [same, whole] = [sameRegistry(parts.metadata), wholeRecords(parts.metadata, stopping.signal)]
  const checkRecords = async () => {
    await whole()
    await same()
    for (const check of parts.checks ?? []) await check()
  }
  const shared = { ...parts, holder: randomUUID(), checkRecords }
  const loops = new Map(jobs.map((job) => [job.name, new JobLoop(job, shared, stopping.signal)]))
  for (const loop of loops.values()) loop.begin()
  return {
    get jobs() {
      return [...loops.values()].map((loop) => loop.status)
    },
    failures: async () => {
      const found: Failure[] = []
      for (const { name } of jobs)
        for await (const failure of listFailures(parts.metadata, name)) found.push(failure)
      return found
    },
    runNow: (name) => {
      const loop = loops.get(name)
      if (loop === undefined)
        throw new RegistryError('NAME_UNKNOWN', {
          message: `there is no job '${name.slice(0, 64)}'; there are ${[...loops.keys()].join(', ')}`,
        })
      loop.begin()
    },
    stop: async () => {
      stopping.abort()
      await Promise.all([...loops.values()].map((loop) => loop.ended()))
    },
  }
}

/** Runs one job again and again, never twice at a time. */
class JobLoop {
  readonly #job: Job
  readonly #runner: JobRunner
  readonly #parts: RunnerParts
  readonly #stopping: AbortSignal
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #failed = 0

  constructor(job: Job, parts: RunnerParts, stopping: AbortSignal) {
    this.#job = job
    this.#parts = parts
    this.#runner = new JobRunner(job, parts)
    this.#stopping = stopping
  }

  get status(): JobStatus {
    return this.#runner.status
  }

  begin(): void {
    if (this.#running !== undefined || this.#stopping.aborted) return
    clearTimeout(this.#timer)
    this.#running = this.#once()
  }

  async ended(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#running
  }

  async #once(): Promise<void> {
    try {
      await this.#runner.run(this.#stopping)
      this.#failed = 0
    } catch (error) {
      this.#failed += 1
      if (error !== this.#stopping.reason) this.#parts.onError(error, this.#job.name)
    }
    this.#running = undefined
    if (this.#stopping.aborted) return
    this.#timer = setTimeout(() => this.begin(), this.#wait()).unref()
  }

  #wait(): number {
    const { everyMs } = this.#job
    if (this.#failed === 0) return everyMs
    const later = Math.max(everyMs, 1000) * Math.min(2 ** this.#failed, MOST_BACK_OFF)
    // Beyond 24 days a timer would not wait at all.
    return Math.min(later, Math.max(everyMs, DAY_MS))
  }
}
