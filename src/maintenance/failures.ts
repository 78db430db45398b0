import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { type FailureRecord, failureCodec } from '../records/maintenance.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'

const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 24 * 3_600_000
/** What still fails is tried each day; an entry older than this is of something that went away by itself. */
const FORGET_MS = 7 * LONGEST_WAIT_MS
const PAGE = 500

export interface FailureParts {
  readonly metadata: MetadataStore
  readonly now: () => number
  readonly onError: (error: unknown, what: string) => void
  /** As Job.longestWaitMs. */
  readonly longestWaitMs?: number | undefined
}

/** An item in the list of failures. */
export interface Failure extends FailureRecord {
  readonly job: string
  readonly item: string
}

/** How long an item is left alone after its n-th failure: twice as long each time, up to the longest. */
function waitAfter(attempts: number, longest = LONGEST_WAIT_MS): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), longest)
}

/** Nobody waits longer than the longest wait: a time beyond that is of a clock that was ahead. */
function isAhead(next: number, now: number): boolean {
  return next > now && next <= now + LONGEST_WAIT_MS
}

/** The items of one job that failed, read once a run: there are few, and asking the store for each item would cost more. */
export class Failures {
  readonly #parts: FailureParts
  readonly #job: string
  readonly #known: Map<string, FailureRecord>

  private constructor(parts: FailureParts, job: string, known: Map<string, FailureRecord>) {
    this.#parts = parts
    this.#job = job
    this.#known = known
  }

  static async load(parts: FailureParts, job: string): Promise<Failures> {
    const failures = new Failures(parts, job, new Map())
    for await (const { item, job: _, ...record } of listFailures(parts.metadata, job)) {
      failures.#known.set(item, record)
      if (record.last + FORGET_MS < parts.now()) await failures.#forget(item)
    }
    return failures
  }

  /** As JobParts.attempt. Rejects when the failure itself cannot be written down. */
  async attempt<Result>(
    item: string,
    work: () => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const before = this.#known.get(item)
    if (before !== undefined && isAhead(before.next, this.#parts.now())) return undefined
    try {
      const result = await work()
      if (before !== undefined) await this.#forget(item)
      return result
    } catch (error) {
      if (signal.aborted) return undefined
      await this.#remember(item, before, error)
      return undefined
    }
  }

  async #remember(item: string, before: FailureRecord | undefined, error: unknown): Promise<void> {
    const { metadata, now, onError, longestWaitMs } = this.#parts
    onError(error, `${this.#job}: ${item}`)
    const at = now()
    const attempts = (before?.attempts ?? 0) + 1
    const record = {
      attempts,
      first: before?.first ?? at,
      last: at,
      next: at + waitAfter(attempts, longestWaitMs),
      message: (error instanceof Error ? error.message : String(error)).slice(0, 500),
    }
    const key = keys.deadLetter(this.#job, item)
    await metadata.commit({ checks: [], sets: [{ key, value: failureCodec.encode(record) }], deletes: [] })
    this.#known.set(item, record)
  }

  async #forget(item: string): Promise<void> {
    await this.#parts.metadata.commit({ checks: [], sets: [], deletes: [keys.deadLetter(this.#job, item)] })
    this.#known.delete(item)
  }
}

/** The items of a job that failed. */
export async function* listFailures(metadata: MetadataStore, job: string): AsyncGenerator<Failure> {
  for await (const page of pagesOf(metadata, { prefix: keys.deadLetters(job), limit: PAGE }))
    for (const entry of page) yield failureOf(job, entry)
}

function failureOf(job: string, entry: Entry): Failure {
  const reader = new TupleReader(entry.key)
  reader.text()
  return { job, item: reader.text(), ...failureCodec.decode(entry.value) }
}
