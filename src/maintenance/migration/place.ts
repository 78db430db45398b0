import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'

/** Two stores that hold, or will hold, one registry. */
export interface Place {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
}

/** What has been done so far in this process, for people who watch. */
export interface Progress {
  blobs: number
  bytes: number
  records: number
}

/** A move under way, for its steps. */
export interface MoveParts {
  readonly source: Place
  readonly target: Place
  /** The id of the move; every commit to the target checks that it is still the one that fills it. */
  readonly id: string
  readonly now: () => number
  readonly progress: Progress
}

/** The source's metadata store, whose changes can be followed and whose writes can be refused. */
export interface Followed extends MetadataStore {
  /** From now on changes are in the outbox. Resolves when no commit is under way that is not. */
  follow(): Promise<void>
  unfollow(): void
  /** How many commits are in the outbox, or were, since this process started. */
  readonly changes: number
  /** From now on each commit that changes content is answered so many milliseconds later; 0: at once. */
  pace(milliseconds: number): void
  /** Refuses writes. Resolves when none is under way. */
  fence(): Promise<void>
  lift(): void
}
