import type { ChunkRange } from '../oci/content-range.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { outOfOrder, type SessionName } from './upload-session.ts'

/** Bytes that a client sends to a session, with what it says of them. */
export interface Chunk {
  readonly bytes: AsyncIterable<Uint8Array>
  /** From Content-Range. */
  readonly range: ChunkRange | undefined
  /** What stood in Content-Range and is none. */
  readonly malformedRange?: string | undefined
  /** From Content-Length; undefined when the body is chunked. */
  readonly length: number | undefined
}

/** Throws RANGE_INVALID for a chunk out of order or of unknown place, SIZE_INVALID when its headers contradict each other. */
export function checkChunk(session: SessionName, offset: number, chunk: Chunk): void {
  const { malformedRange } = chunk
  if (malformedRange !== undefined)
    throw outOfOrder(session, offset, `Content-Range '${malformedRange}' is not <first byte>-<last byte>`)
  if (chunk.range === undefined) return
  const { start, end } = chunk.range
  if (start !== offset) throw outOfOrder(session, offset, `chunk ${start}-${end} is out of order`)
  if (chunk.length !== undefined && chunk.length !== end - start + 1)
    throw new RegistryError('SIZE_INVALID', {
      message: `Content-Range ${start}-${end} is ${end - start + 1} bytes, Content-Length says ${chunk.length}`,
    })
}
