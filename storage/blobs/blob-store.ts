import type { Digest } from '../../src/oci/digest.ts'

/** Immutable bytes at a location. Knows nothing of repositories, rights or reference counts. */
export interface BlobStore {
  /**
   * Bytes of a whole blob, or of `range`. Undefined when nothing is at the location.
   * The reader pumps into a sink with back-pressure; one chunk at most is read ahead of it.
   * A file that ends before `end` rejects with StoreDamaged: it never ends quietly short.
   */
  read(location: BlobLocation, range?: ByteSpan): Promise<BlobReader | undefined>

  /**
   * Several ranges of a blob, which need not be in order, given one after the other as they were asked. Undefined when
   * nothing is at the location.
   */
  readMany(location: BlobLocation, ranges: readonly ByteSpan[]): Promise<RangesReader | undefined>

  /** A URL that gives the bytes to whoever has it, for `seconds`; undefined where the driver has no such thing. */
  presign(location: BlobLocation, seconds: number): Promise<string | undefined>

  /** Number of bytes at the location, undefined when nothing is there. */
  size(location: BlobLocation): Promise<number | undefined>

  /** Removes the bytes; nothing there is not an error. */
  remove(location: BlobLocation): Promise<void>

  /**
   * Removes the bytes at many locations, in as few calls as the engine allows; nothing there is not an error.
   * Gives the locations whose bytes may still be there, each with why: one that fails stops no others.
   */
  removeMany(locations: readonly BlobLocation[]): Promise<readonly FailedRemoval[]>

  /**
   * Whether what is removed in the background may go yet: another process that uses the same place with a copy of the same
   * records would have shown by now. Looks once more. Absent: always.
   */
  readonly mayRemove?: () => Promise<boolean>

  /** Every finished blob, in no given order, for sweep and recovery. An error is never an early end. */
  list(): AsyncIterable<ListedBlob>

  /**
   * Every upload that was begun and neither completed nor aborted, in no given order, as far as its bytes show. Some
   * engines keep no bytes that can be listed: they give none.
   */
  uploads(): AsyncIterable<ListedUpload>

  /** Begins an upload under `id` (the caller's, never used twice). Durable only as far as `complete` says. */
  create(id: string): Promise<UploadState>

  /**
   * Opens the upload for writing at `offset`. What lies beyond `offset` is cut off first. One writer at a time
   * is the caller's duty within a process. Fewer bytes than `offset` there: rejects with UploadGone.
   */
  append(state: UploadState, offset: number, options?: AppendOptions): Promise<UploadWriter>

  /** Whether `readUpload` gives every byte of an upload that is not complete, in whichever process. */
  readonly readsUploads: boolean

  /** The bytes written so far from 0 to `length`, to hash them again. Fewer there: rejects with UploadGone. */
  readUpload(state: UploadState, length: number): Promise<BlobReader>

  /**
   * Makes the first `length` bytes durable under a new location, which is written once and never reused:
   * it holds the upload's id. Resolves when they survive power loss. Idempotent for the same state and digest.
   */
  complete(state: UploadState, length: number, digest: Digest): Promise<BlobLocation>

  /** Forgets the upload and its bytes; nothing there is not an error. */
  abort(state: UploadState): Promise<void>

  /**
   * Makes the bytes readable as the file `path` of this machine, sharing them with the store where the file system can;
   * durable but for the name. False when nothing is at the location. Absent where bytes are no files of this machine.
   */
  readonly linkTo?: (location: BlobLocation, path: string) => Promise<boolean>

  /** Bytes free for uploads, or undefined where that means nothing. */
  freeBytes(): Promise<number | undefined>

  /** Resolves when the engine answers now, and has this store; rejects with StoreUnavailable when not. */
  check(): Promise<void>

  close(): Promise<void>
}

declare const locationBrand: unique symbol
/** Opaque to all but the driver that made it. */
export type BlobLocation = string & { readonly [locationBrand]: true }

/** A location read back from a record. Only for codecs and drivers. */
export function blobLocation(text: string): BlobLocation {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where a string becomes a location
  return text as BlobLocation
}

export interface FailedRemoval {
  readonly location: BlobLocation
  readonly error: unknown
}

export interface ListedBlob {
  readonly location: BlobLocation
  readonly size: number
  readonly modified: Date
  /** What `complete` was told that the bytes are, and the id of the upload that they came by. */
  readonly digest: Digest
  readonly upload: string
}

export interface ListedUpload {
  readonly id: string
  /** Good for `abort` only. */
  readonly state: UploadState
  readonly modified: Date
}

/** First and last byte, both inclusive, 0 ≤ start ≤ end < size. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

export interface BlobReader {
  /** Bytes of the whole blob, also when a range was asked. */
  readonly size: number
  /** The file of this machine that holds exactly the bytes that it gives: a thread may read it itself. */
  readonly file?: string | undefined
  /**
   * Calls `sink` with each chunk in order and waits for it before the next one; the chunk's memory may be reused
   * afterwards: a sink that keeps bytes copies them. A sink that rejects stops the pump.
   * `signal` stops it between chunks. Closes itself at the end, whatever the end was.
   */
  pump(sink: (chunk: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<void>
  /** Closes without reading. Needed only when `pump` is not called. */
  close(): Promise<void>
}

/** As BlobReader, for many ranges. */
export interface RangesReader {
  readonly size: number
  /** `index` is the place of the chunk's range among those asked; each range has one chunk at least. */
  pump(sink: (chunk: Uint8Array, index: number) => Promise<void> | void): Promise<void>
  close(): Promise<void>
}

/** What a driver needs to go on with an upload in another process: plain JSON, kept in the upload's record. */
export type UploadState = Readonly<Record<string, string | number>>

/** What the caller knows of an append, for drivers that can use it. */
export interface AppendOptions {
  /** Bytes that are going to be written. */
  readonly expected?: number | undefined
  /**
   * Records a state in the middle of the append, so that what the driver begins outside of this process can be
   * ended by `abort` whatever happens here. Rejects when the upload is over; the append then fails with that.
   */
  readonly record?: (state: UploadState) => Promise<void>
}

export interface UploadWriter {
  /** Appends; the chunk may be reused once it resolves. Rejects with NoSpace when the disk is full. */
  write(chunk: Uint8Array): Promise<void>
  /**
   * Ends this append; gives the state to record with the new offset. With `completing`, it is not recorded: `complete`
   * follows at once in this process, or nothing of this append counts. The last bytes may stay in memory until then.
   */
  close(ending?: { readonly completing: boolean }): Promise<UploadState>
}

/** The bytes that the record of an upload speaks of are not there: start again at 0. */
export class UploadGone extends Error {
  override readonly name = 'UploadGone'
}
