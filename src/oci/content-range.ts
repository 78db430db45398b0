/** Content-Range of an upload chunk: distribution-spec "Pushing a blob in chunks" writes `<start>-<end>`, inclusive. */

export interface ChunkRange {
  readonly start: number
  readonly end: number
}

/** RFC 9110's `bytes a-b/total` is also understood, since some clients send it. */
const CHUNK = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/

/** The range in the header; undefined when it is malformed or reversed. */
export function parseContentRange(header: string): ChunkRange | undefined {
  const match = CHUNK.exec(header.trim())
  if (match === null) return undefined
  const range = { start: Number(match[1]), end: Number(match[2]) }
  return range.end < range.start ? undefined : range
}

/**
 * The Range header of an upload session: "The <end-of-range> value is the position of the last uploaded byte".
 * A session without bytes says `0-0` where distribution's clients expect it and `0--1` where a client resumes
 * from end + 1.
 */
export function uploadRange(offset: number, empty: '0-0' | '0--1'): string {
  return offset === 0 ? empty : `0-${offset - 1}`
}
