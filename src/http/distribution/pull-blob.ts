import { type ByteRange, parseByteRange } from '../../oci/byte-range.ts'
import { parseDigest, whyNotDigest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { type BlobView, getBlob } from '../../registry/blobs.ts'
import { repositoryName } from '../authorize.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import { isUnchanged, rangeCounts, requireMatch } from './conditional.ts'
import { type DistributionParts, immutable, mayPush } from './parts.ts'
import { multipleRanges, pumped, singleRange } from './ranged-body.ts'
import { redirected } from './redirect.ts'

/** distribution-spec end-2: GET and HEAD of a blob, whole or in ranges. Throws BLOB_UNKNOWN, RANGE_INVALID. */
export function pullBlob(parts: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const text = exchange.params['digest'] ?? ''
    const digest = parseDigest(text)
    if (digest === undefined) throw new RegistryError('BLOB_UNKNOWN', { message: whyNotDigest(text) })
    exchange.note({ digest })
    const blob = await getBlob(parts.registry, name, digest, mayPush(parts, exchange, name))
    const headers = blobHeaders(exchange, blob)
    requireMatch(exchange.request, digest)
    if (isUnchanged(exchange.request, digest)) return { status: 304, headers }
    return blobReply(parts, exchange, { blob, headers })
  }
}

/** distribution-spec "Pulling blobs": Docker-Content-Digest on GET and HEAD, Content-Length on HEAD. */
function blobHeaders(exchange: Exchange, { digest }: BlobView): Record<string, string> {
  return {
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'cache-control': immutable(exchange),
  }
}

async function blobReply(
  parts: DistributionParts,
  exchange: Exchange,
  { blob, headers }: { readonly blob: BlobView; readonly headers: Record<string, string> },
): Promise<Reply> {
  const { request, method } = exchange
  const { size } = blob
  const open = (range?: ByteRange) => blob.open(range)
  // RFC 9110 §14.2: Range is defined for GET alone.
  const wanted = method === 'GET' && rangeCounts(request, blob.digest) ? request.headers.range : undefined
  const range = parseByteRange(wanted, size)
  // A URL made for GET refuses HEAD, and many stores know no more than one range.
  const mayRedirect = parts.redirect && method === 'GET' && ['whole', 'single'].includes(range.kind)
  const redirect = mayRedirect ? await redirected(exchange, blob) : undefined
  if (redirect !== undefined) return redirect
  switch (range.kind) {
    case 'whole': {
      const whole = { 'content-type': 'application/octet-stream', 'content-length': String(size) }
      return { status: 200, headers: { ...headers, ...whole }, body: pumped(open) }
    }
    case 'single': {
      const part = singleRange(open, range.range, size)
      return { status: 206, headers: { ...headers, ...part.headers }, body: part.body }
    }
    case 'multiple': {
      const part = multipleRanges((ranges) => blob.openMany(ranges), range.ranges, size)
      return { status: 206, headers: { ...headers, ...part.headers }, body: part.body }
    }
    case 'unsatisfiable':
      throw new RegistryError('RANGE_INVALID', {
        message: `the blob has ${size} bytes; no byte of the requested range is in it`,
        headers: { 'content-range': `bytes */${size}` },
      })
  }
}
