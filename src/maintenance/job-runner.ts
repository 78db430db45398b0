import { setTimeout } from 'node:timers/promises'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import { ShortTurns } from '../../storage/short-turns.ts'
import { type FailureParts, Failures } from './failures.ts'
import type { Job, JobParts } from './job.ts'
import { type LeaseParts, releaseLease, renewLease, takeLease } from './lease.ts'

/** A process that died gives way to the next one after this time. */
const LEASE_MS = 15_000
const RENEW_MS = 5000
/** How often a long run says in the log how far it is. */
const REPORT_MS = 60_000
/** What the event loop has for requests alone after each turn of a job: no job takes more than half of it. */
const REST_MS = 1

export interface RunnerParts extends FailureParts, LeaseParts {
  readonly blobs: BlobStore
  /** Rejects when nothing may be done on the strength of the records, see sameRegistry. */
  readonly checkRecords: () => Promise<void>
  /** What jobs go by, see steadyClock; leases and failures go by `now`. */
  readonly steady: () => number
  /** Told of runs that did something, at their end and while they last. */
  readonly onProgress: (job: string, progress: RunProgress) => void
}

export interface RunProgress {
  readonly done: number
  readonly milliseconds: number
  readonly finished: boolean
}

/** How a run went. `elsewhere`: another process has the lease. */
export type Outcome = 'idle' | 'elsewhere' | 'done'

/** What may be known of a job while the server runs. */
export interface JobStatus {
  readonly name: string
  readonly everyMs: number
  readonly state: 'waiting' | 'running' | 'elsewhere'
  /** Items done in the run that is under way, or in the last one. */
  readonly done: number
  readonly started?: number
  readonly finished?: number
  /** Why the last run ended early. */
  readonly error?: string
}

/** One job of this process: runs it under its lease, and knows how far it is. */
export class JobRunner {
  readonly #job: Job
  readonly #parts: RunnerParts
  #status: JobStatus
  /** Why the records could not be relied on. */
  #distrust: string | undefined

  constructor(job: Job, parts: RunnerParts) {
    this.#job = job
    this.#parts = parts
    this.#status = { name: job.name, everyMs: job.everyMs, state: 'waiting', done: 0 }
  }

  get status(): JobStatus {
    return this.#distrust === undefined ? this.#status : { ...this.#status, error: this.#distrust }
  }

  /** One run, or none when there is nothing to do or another process is at it. Rejects when the run as a whole failed. */
  async run(stopping: AbortSignal): Promise<Outcome> {
    await this.#checkRecords()
    const { name, isDue, longestWaitMs } = this.#job
    const failures = await Failures.load({ ...this.#parts, longestWaitMs }, name)
    if (isDue !== undefined && !(await isDue(this.#jobParts(failures, stopping)))) return this.#rest('idle')
    if (!(await takeLease(this.#parts, name, LEASE_MS))) return this.#rest('elsewhere')
    const run = new AbortController()
    const signal = AbortSignal.any([stopping, run.signal])
    const keeping = this.#keepLease(run)
    let how: { readonly error?: string } = {}
    try {
      this.#begin()
      await this.#job.run(this.#jobParts(failures, signal), signal)
    } catch (error) {
      how = { error: error instanceof Error ? error.message : String(error) }
      throw error
    } finally {
      clearInterval(keeping)
      // Until then no other run begins: who saw it wait, and asked for one, would get none.
      await releaseLease(this.#parts, name).finally(() => this.#end(how))
    }
    return 'done'
  }

  /** Where the records cannot be relied on, nothing is done, and whoever asks is told. */
  async #checkRecords(): Promise<void> {
    try {
      await this.#parts.checkRecords()
      this.#distrust = undefined
    } catch (error) {
      this.#distrust = error instanceof Error ? error.message : String(error)
      throw error
    }
  }

  #jobParts(failures: Failures, signal: AbortSignal): JobParts {
    const { metadata, blobs, steady } = this.#parts
    const turns = new ShortTurns({ isUrgent: false })
    let rested = performance.now()
    return {
      metadata,
      blobs,
      now: steady,
      attempt: (item, work) => failures.attempt(item, work, signal),
      progress: (done) => {
        this.#status = { ...this.#status, done: this.#status.done + done }
      },
      pace: async () => {
        await setTimeout(restAfter(performance.now() - rested), undefined, { signal, ref: false }).catch(
          () => undefined,
        )
        rested = performance.now()
      },
      rest: async () => {
        if (!turns.isOver) return
        await setTimeout(REST_MS)
        await turns.rest()
      },
    }
  }

  /** Without the lease somebody else does the work: to go on would only cost. */
  #keepLease(run: AbortController): NodeJS.Timeout {
    let reported = performance.now()
    return setInterval(() => {
      renewLease(this.#parts, this.#job.name, LEASE_MS).then(
        (kept) => kept || run.abort(),
        (error: unknown) => this.#parts.onError(error, `lease of ${this.#job.name}`),
      )
      if (performance.now() - reported < REPORT_MS) return
      reported = performance.now()
      this.#report(false)
    }, RENEW_MS).unref()
  }

  #rest(outcome: 'idle' | 'elsewhere'): Outcome {
    this.#status = { ...this.#status, state: outcome === 'idle' ? 'waiting' : 'elsewhere' }
    return outcome
  }

  #begin(): void {
    const { name, everyMs } = this.#job
    this.#status = { name, everyMs, state: 'running', done: 0, started: this.#parts.now() }
  }

  #end(how: { readonly error?: string }): void {
    this.#status = { ...this.#status, state: 'waiting', finished: this.#parts.now(), ...how }
    if (this.#status.done > 0) this.#report(true)
  }

  #report(finished: boolean): void {
    const { name, done, started = 0 } = this.#status
    this.#parts.onProgress(name, { done, milliseconds: this.#parts.now() - started, finished })
  }
}

/** A tenth of the time that a step took: requests that came meanwhile are done first, and the work hardly slows down. */
function restAfter(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds / 10), 100)
}
