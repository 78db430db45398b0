import { randomBytes } from 'node:crypto'
import type { BlobReader, RangesReader } from '../../../storage/blobs/blob-store.ts'
import type { ByteRange } from '../../oci/byte-range.ts'
import type { BodyWriter } from '../exchange.ts'

/** Opens a blob's bytes, or a range of them. */
type Open = (range?: ByteRange) => Promise<BlobReader>
type OpenMany = (ranges: readonly ByteRange[]) => Promise<RangesReader>

const TYPE = 'application/octet-stream'

/** A body of the whole blob or of one range. */
export function pumped(open: Open, range?: ByteRange): BodyWriter {
  return async (write) => {
    const reader = await open(range)
    await reader.pump(write)
  }
}

/** RFC 9110 §15.3.7: 206 with the one range asked for. */
export function singleRange(
  open: Open,
  range: ByteRange,
  size: number,
): { headers: Record<string, string>; body: BodyWriter } {
  return {
    headers: {
      'content-type': TYPE,
      'content-length': String(range.end - range.start + 1),
      'content-range': contentRange(range, size),
    },
    body: pumped(open, range),
  }
}

/**
 * RFC 9110 §14.6, multipart/byteranges: one part for each requested range, in the order of the request, none merged:
 * podman counts the parts. The boundary is alphanumeric, since some clients split the type at punctuation.
 */
export function multipleRanges(
  open: OpenMany,
  ranges: readonly ByteRange[],
  size: number,
): { headers: Record<string, string>; body: BodyWriter } {
  const boundary = randomBytes(16).toString('hex')
  const heads = ranges.map((range) =>
    Buffer.from(
      `--${boundary}\r\nContent-Type: ${TYPE}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    ),
  )
  const lineEnd = Buffer.from('\r\n')
  const end = Buffer.from(`--${boundary}--\r\n`)
  const bytes = ranges.reduce((sum, range) => sum + range.end - range.start + 1 + lineEnd.length, 0)
  const length = heads.reduce((sum, head) => sum + head.length, bytes + end.length)
  return {
    headers: {
      'content-type': `multipart/byteranges; boundary=${boundary}`,
      'content-length': String(length),
    },
    body: async (write) => {
      const reader = await open(ranges)
      let begun = -1
      await reader.pump(async (chunk, index) => {
        if (index !== begun) {
          if (begun >= 0) await write(lineEnd)
          await write(heads[index] ?? lineEnd)
          begun = index
        }
        await write(chunk)
      })
      await write(lineEnd)
      await write(end)
    },
  }
}

function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}
