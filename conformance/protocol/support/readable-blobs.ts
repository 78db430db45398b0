import { beforeAll } from 'vitest'
import type { Client } from './client.ts'
import { blob, content } from './images.ts'
import { pushBlob } from './push.ts'
import { type Registry, type Shared, useOpenRegistry } from './server.ts'

/** The blobs that the tests of reading read, and where they are. */
export const NAME = 'read/app'
export const BLOB = blob('blob-read', 1000)
export const BIG = blob('blob-read/big', 3_000_000)
export const EMPTY = content(Buffer.alloc(0))
/** Pushed under its sha512. */
export const SHA512 = blob('blob-read/512', 700)
export const URL = `/v2/${NAME}/blobs/${BLOB.digest}`
export const ETAG = `"${BLOB.digest}"`

/**
 * The headers of BLOB, whole: "200 with Content-Length [M HEAD], DCD [M since 2026-01, both methods], octet-stream
 * type, ETag = quoted digest, `Accept-Ranges: bytes`, nosniff, long immutable cache header"
 */
export const WHOLE = {
  'content-length': '1000',
  'docker-content-digest': BLOB.digest,
  'content-type': 'application/octet-stream',
  etag: ETAG,
  'accept-ranges': 'bytes',
  'x-content-type-options': 'nosniff',
  'cache-control': /max-age=\d{7,}.*immutable|immutable.*max-age=\d{7,}/,
  'content-range': undefined,
}

/** A registry that has them all. */
export function useReadableBlobs(): { server: Shared<Registry>; client: () => Client } {
  const server = useOpenRegistry()
  const client = () => server.now.client
  beforeAll(async () => {
    for (const each of [BLOB, BIG, EMPTY]) await pushBlob(client(), NAME, each)
    await pushBlob(client(), NAME, SHA512, SHA512.sha512)
  })
  return { server, client }
}
