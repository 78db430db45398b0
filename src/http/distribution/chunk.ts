import { parseContentRange } from '../../oci/content-range.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Chunk } from '../../registry/upload-session.ts'
import type { Exchange } from '../exchange.ts'

/** The body of an upload request with what its headers say of it. Throws RANGE_INVALID for a malformed Content-Range. */
export function chunkOf(exchange: Exchange): Chunk {
  const { headers } = exchange.request
  const header = headers['content-range']
  const range = header === undefined ? undefined : parseContentRange(header)
  if (header !== undefined && range === undefined)
    throw new RegistryError('RANGE_INVALID', {
      message: `Content-Range '${header.slice(0, 100)}' is not <first byte>-<last byte>`,
    })
  const length = headers['content-length']
  return { bytes: bodyOf(exchange), range, length: length === undefined ? undefined : Number(length) }
}

/** The request stays whole when the reading stops early, so that an early answer reaches the client. */
export function bodyOf(exchange: Exchange): AsyncIterable<Uint8Array> {
  const { request } = exchange
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) }
}
