import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'

/** One kind of background work. */
export interface Job {
  /** Its lease, its list of failures and its progress go by this name. */
  readonly name: string
  /** Milliseconds from the end of one run to the beginning of the next. */
  readonly everyMs: number
  /** Milliseconds that an item which fails is left alone at most; a day unless told. */
  readonly longestWaitMs?: number
  /**
   * Whether a run would find something to do: asked before the lease is taken, so that idle processes write nothing.
   * Absent: always.
   */
  readonly isDue?: (parts: JobParts) => Promise<boolean>
  /** Does what there is to do, item by item; ends early when `signal` says so. */
  run(parts: JobParts, signal: AbortSignal): Promise<void>
}

/** What a job works with. Times are milliseconds. */
export interface JobParts extends WorkParts {
  readonly blobs: BlobStore
}

/** The same without the store of blobs. */
export interface WorkParts {
  readonly metadata: MetadataStore
  readonly now: () => number
  /**
   * Does one item. One that fails is written to the job's list of failures and left alone for longer each time: then,
   * and until it is due again, the result is undefined. `item` names it in that list, the same in each run.
   */
  attempt<Result>(item: string, work: () => Promise<Result>): Promise<Result | undefined>
  /** Counts what was done towards the job's progress. */
  progress(done: number): void
  /** To be awaited between steps of some milliseconds: lets requests go first. */
  pace(): Promise<void>
  /** To be awaited between steps of microseconds, many of which make a long turn of the event loop: ends it in time. */
  rest(): Promise<void>
}
