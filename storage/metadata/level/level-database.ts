import type { Snapshot } from 'classic-level'

/**
 * What the driver needs of a database of the Level family: classic-level on disk, memory-level in unit
 * tests, wrappers that fail on purpose. Keys and values are bytes; one instance may be closed and opened again.
 */
export interface LevelDatabase {
  open(): Promise<void>
  close(): Promise<void>
  getSync(key: Uint8Array, options: LevelReadOptions): Uint8Array | undefined
  getMany(keys: Uint8Array[], options: LevelReadOptions): Promise<(Uint8Array | undefined)[]>
  batch(operations: LevelOperation[], options: LevelBatchOptions): Promise<void>
  iterator(options: LevelRange): LevelIterator
  snapshot(): LevelSnapshot
}

export type LevelSnapshot = Snapshot

export interface LevelReadOptions {
  readonly snapshot?: LevelSnapshot | undefined
}

export type LevelOperation =
  | { type: 'put'; key: Uint8Array; value: Uint8Array }
  | { type: 'del'; key: Uint8Array }

export interface LevelBatchOptions {
  /** Return after fsync. */
  readonly sync?: boolean | undefined
  readonly keyEncoding?: string | undefined
}

export interface LevelRange extends LevelReadOptions {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
  readonly reverse?: boolean | undefined
  readonly limit?: number | undefined
  readonly fillCache?: boolean | undefined
  /** Bytes that one trip to the thread pool may bring back. */
  readonly highWaterMarkBytes?: number | undefined
}

/** A stored key and what is stored there. */
export type Frame = [Uint8Array, Uint8Array]

export interface LevelIterator {
  /** The next `size` at most; none at the end. */
  nextv(size: number): Promise<Frame[]>
  /** Goes on at `key`; works on the thread of the caller. */
  seek(key: Uint8Array): void
  close(): Promise<void>
}
