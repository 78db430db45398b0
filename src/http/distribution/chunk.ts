import { parseContentRange } from '../../oci/content-range.ts'
import type { Chunk } from '../../registry/chunk.ts'
import type { Exchange } from '../exchange.ts'
import { bytesOf } from '../request-body.ts'

/** The body of an upload request with what its headers say of it. */
export function chunkOf(exchange: Exchange): Chunk {
  const { headers } = exchange.request
  const header = headers['content-range']
  const range = header === undefined ? undefined : parseContentRange(header)
  const malformedRange = range === undefined ? header?.slice(0, 100) : undefined
  const length = headers['content-length']
  return {
    bytes: bodyOf(exchange),
    range,
    malformedRange,
    length: length === undefined ? undefined : Number(length),
  }
}

/** A chunk's memory is free again once the next one is asked for. */
export async function* bodyOf(exchange: Exchange): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytesOf(exchange.request)) {
    yield chunk
    free(chunk)
  }
}

/** Gives back memory that nobody reads any more: the collector would let 32 MB of it gather first. */
export function free({ buffer, byteLength }: Uint8Array): void {
  // A piece of memory that others share stays.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
