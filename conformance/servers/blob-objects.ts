/** An object that says that a blob is there, and where its bytes are. */
export interface BlobObject {
  readonly key: string
  readonly hex: string
  readonly size: number
  /** The same key when the object is the blob, `data/<id>` when it is an empty marker. */
  readonly data: string
}

const LOCATION =
  /^(?<base>.*\/)sha256\/[0-9a-f]{2}\/(?<hex>[0-9a-f]{64})\.(?<id>[A-Za-z0-9_-]+)\.(?<size>\d+)(?<single>\.blob)?$/

/**
 * Reads the key of an object in a registry's bucket by docs/decisions/030 and 073, without a line of the registry's own
 * code. Undefined when it says nothing of a blob.
 */
export function blobObject(key: string): BlobObject | undefined {
  const { base = '', hex, id, size, single } = LOCATION.exec(key)?.groups ?? {}
  if (hex === undefined) return undefined
  return { key, hex, size: Number(size), data: single === undefined ? `${base}data/${id}` : key }
}

/** Whether a call to S3 is GET of a blob's bytes. */
export function isBlobRead({ method, path }: { readonly method: string; readonly path: string }): boolean {
  const [key = ''] = path.split('?', 1)
  return method === 'GET' && (key.includes('/data/') || key.endsWith('.blob'))
}
