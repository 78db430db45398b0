/** Bytes to send that can be given again from the start, for another attempt. */
export interface ReplayableBody {
  readonly length: number
  open(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** A multipart upload, which lives under its key until it is finished or abandoned. */
export interface Multipart {
  readonly key: string
  readonly uploadId: string
}

export interface ObjectFacts {
  readonly size: number
  readonly etag: string
}

/** An object being read. Who gets one reads it to its end or destroys it. */
export interface OpenObject extends ObjectFacts {
  /** The bytes asked for, at the pace of the reader. Ends early without an error when the connection does. */
  readonly body: AsyncIterable<Uint8Array>
  destroy(): void
}

/**
 * What the driver needs of an S3: one method, one call. Keys are below the configured prefix. Each call is tried
 * again inside a time budget, and rejects with StoreUnavailable after that; that something is absent is an answer.
 */
export interface Bucket {
  /** Gives the object's etag. */
  put(key: string, body: ReplayableBody): Promise<string>
  /** Opens bytes `start` to `end`, both included, or all. Undefined when absent; `beyond` when the object ends before `start`. */
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<GetResult>
  head(key: string): Promise<ObjectFacts | undefined>
  /** Copies inside the bucket; false when `from` is absent. */
  copy(from: string, to: string): Promise<boolean>
  /** At most 1,000 keys; gives those that may still be there, with why. */
  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly error: unknown }[]>
  /** Every object whose key begins with `prefix`, in key order. */
  list(
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly size: number; readonly modified: Date }>

  begin(key: string): Promise<Multipart>
  /** Sends a part, from 1; gives its etag, undefined when the upload is not there. Sent again, it replaces the one before. */
  part(upload: Multipart, number: number, body: ReplayableBody): Promise<string | undefined>
  /** Makes the object of the first parts with these etags; false when the upload or a part is not there. */
  finish(upload: Multipart, etags: readonly string[]): Promise<boolean>
  abandon(upload: Multipart): Promise<void>
  isOpen(upload: Multipart): Promise<boolean>
  /** Multipart uploads of exactly this key. */
  multipartsOf(key: string): Promise<readonly Multipart[]>

  /** A URL that gives the object to whoever has it, for `seconds`. */
  presign(key: string, seconds: number): Promise<string>
  close(): void
}

export type GetResult = OpenObject | 'beyond' | undefined
