import type { MessagePort } from 'node:worker_threads'

/**
 * An ordered, transactional key-value store: all that the registry remembers apart from blob bytes.
 * Keys are compared as bytes. Drivers: memory and level (one process), postgres (many).
 */
export interface MetadataStore {
  /**
   * A number that no two states of the store share: while it stays the same, reads give what they gave. Undefined while
   * a commit is being written, and where other processes may write.
   */
  readonly generation?: number | undefined

  /**
   * The records of `keys`, in the same order; undefined where there is none. Reads committed data. With `bytes` it may
   * answer the first of the keys alone, one at least: those with whose values it has so many bytes, which need not be of
   * one moment.
   */
  read(keys: readonly Uint8Array[], bytes?: number): Promise<(Stored | undefined)[]>

  /** Records whose key begins with `prefix`, in byte order (or reversed), at most `limit`. */
  range(query: RangeQuery): Promise<Entry[]>

  /**
   * Atomic, durable when it resolves. Rejects with MetadataConflict, having changed nothing, when a
   * check does not hold; with NoSpace or StoreUnavailable when the engine cannot write.
   * A key may stand in `sets` or in `deletes`, not in both, and once: else TypeError.
   */
  commit(commit: Commit): Promise<void>

  /** Consistent reads of one moment, for backup and fsck. Must be closed. */
  snapshot(): Promise<MetadataSnapshot>

  /**
   * Lets another thread of this process read by itself what lies here; `commit` makes what that thread decides. Absent
   * where a driver has no such way.
   */
  beside?(commit: (commit: Commit) => Promise<void>): Beside | undefined

  /**
   * Reads again all that is stored and compares it with its checksums; `rest` is awaited in between. Rejects with
   * StoreDamaged that names what is damaged. Absent where the engine does so at each read.
   */
  readonly verify?: ((rest: () => Promise<void>) => Promise<void>) | undefined

  /**
   * The same store for decisions that begin from now on and belong together: it remembers what they read, so that their
   * checks cost less. Absent where that gains nothing.
   */
  view?(): MetadataStore

  close(): Promise<void>
}

export interface Stored {
  readonly value: Uint8Array
  /** From one counter for each store; never reused, also not after a delete. */
  readonly version: bigint
}

export interface Entry extends Stored {
  readonly key: Uint8Array
}

export interface RangeQuery {
  readonly prefix: Uint8Array
  /** First key that may appear: inclusive when ascending; exclusive upper bound when `reverse`. Absent: whole prefix. */
  readonly from?: Uint8Array
  readonly limit: number
  /**
   * Bytes of values behind which a driver may stop before `limit`, so that large records are not read by the hundred; who
   * asks for that reads on unless the values given are fewer.
   */
  readonly bytes?: number
  readonly reverse?: boolean
}

export type Check = Claim & {
  /** The store's own: it held at some moment after the version `since` was given out, as a thread beside it read. */
  readonly since?: number | undefined
}

type Claim =
  /** The key still has this version; undefined: it is still absent. */
  | { readonly kind: 'version'; readonly key: Uint8Array; readonly version: bigint | undefined }
  | { readonly kind: 'exists'; readonly key: Uint8Array }
  /**
   * The keys under `prefix` are exactly `entries` with these versions (none included), at most RANGE_CHECK_LIMIT.
   * Who adds a key to a range that someone may check also checks or writes `owner` in the same commit,
   * who checks the range names the owner: that makes the check sound on engines with row locks.
   */
  | {
      readonly kind: 'range'
      readonly owner: Uint8Array
      readonly prefix: Uint8Array
      readonly entries: readonly { readonly key: Uint8Array; readonly version: bigint }[]
    }

export interface Commit {
  readonly checks: readonly Check[]
  readonly sets: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
  readonly deletes: readonly Uint8Array[]
}

/** What another thread opens the store with, and who it belongs to. */
export interface Beside {
  /** Goes to the other thread, its port transferred. */
  readonly ticket: BesideTicket
  /** To be called once that thread has ended. */
  ended(): void
}

export interface BesideTicket {
  readonly place: string
  readonly port: MessagePort
}

export type MetadataSnapshot = Pick<MetadataStore, 'read' | 'range' | 'close'>

export const RANGE_CHECK_LIMIT = 1000

/** A check of a commit did not hold: read again and decide again. */
export class MetadataConflict extends Error {
  override readonly name = 'MetadataConflict'
}
