import { StoreDamaged } from '../../store-errors.ts'
import type { ByteSpan, RangesReader } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { type ObjectReader, openReader } from './object-reader.ts'

/** Fewer bytes than this between two ranges are read and thrown away: another call would cost more. */
const GAP_BYTES = 256 * 1024

/** Calls of one reader under way at the same time. */
const AHEAD = 8

/** Ranges that one GET brings, in the order asked, with their places there. */
interface Group {
  readonly start: number
  readonly end: number
  readonly ranges: readonly { readonly index: number; readonly span: ByteSpan }[]
}

/** Ranges that follow each other closely, as they were asked, share a group; none is moved. */
export function groupRanges(ranges: readonly ByteSpan[]): readonly Group[] {
  const groups: Group[] = []
  for (const [index, span] of ranges.entries()) {
    const last = groups.at(-1)
    const gap = span.start - ((last?.end ?? 0) + 1)
    if (last !== undefined && gap >= 0 && gap < GAP_BYTES)
      groups[groups.length - 1] = {
        start: last.start,
        end: span.end,
        ranges: [...last.ranges, { index, span }],
      }
    else groups.push({ start: span.start, end: span.end, ranges: [{ index, span }] })
  }
  return groups
}

/** Opens the first of the GETs that the ranges need; undefined when the object is absent. */
export async function openRanges(
  bucket: Bucket,
  key: string,
  ranges: readonly ByteSpan[],
): Promise<RangesReader | undefined> {
  const [first, ...others] = groupRanges(ranges)
  if (first === undefined) throw new RangeError('no ranges')
  const reader = await openReader(bucket, key, first)
  return reader && new S3RangesReader({ bucket, key, first: { group: first, reader }, others })
}

interface Opened {
  readonly group: Group
  readonly reader: Promise<ObjectReader> | ObjectReader
}

interface RangesParts {
  readonly bucket: Bucket
  readonly key: string
  readonly first: { readonly group: Group; readonly reader: ObjectReader }
  readonly others: readonly Group[]
}

class S3RangesReader implements RangesReader {
  readonly size: number
  readonly #parts: RangesParts
  #used = false

  constructor(parts: RangesParts) {
    this.size = parts.first.reader.size
    this.#parts = parts
  }

  async pump(sink: (chunk: Uint8Array, index: number) => Promise<void> | void): Promise<void> {
    if (this.#used) throw new TypeError('a reader is pumped once, before it is closed')
    this.#used = true
    const { first, others } = this.#parts
    const waiting = [...others]
    const ahead: Opened[] = [first]
    try {
      for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
        while (ahead.length < AHEAD - 1 && waiting.length > 0)
          ahead.push(...waiting.splice(0, 1).map((group) => this.#open(group)))
        await pumpGroup(next.group, await next.reader, sink)
      }
    } finally {
      await Promise.all(ahead.map(closeOpened))
    }
  }

  async close(): Promise<void> {
    if (this.#used) return
    this.#used = true
    await this.#parts.first.reader.close()
  }

  #open(group: Group): Opened {
    const reader = this.#openReader(group)
    // Looked at when its turn comes, which may be after it has failed, or never.
    reader.catch(() => undefined)
    return { group, reader }
  }

  async #openReader(group: Group): Promise<ObjectReader> {
    const reader = await openReader(this.#parts.bucket, this.#parts.key, group)
    if (reader === undefined) throw new StoreDamaged(`${this.#parts.key} was removed while it was read`)
    return reader
  }
}

async function closeOpened({ reader }: Opened): Promise<void> {
  await Promise.resolve(reader).then(
    (opened) => opened.close(),
    () => undefined,
  )
}

/** Gives each range its bytes of what comes; those in between belong to nobody. */
async function pumpGroup(
  { start, ranges }: Group,
  reader: ObjectReader,
  sink: (chunk: Uint8Array, index: number) => Promise<void> | void,
): Promise<void> {
  let position = start
  let at = 0
  await reader.pump(async (chunk) => {
    const end = position + chunk.length
    for (let range = ranges[at]; range !== undefined && range.span.start < end; range = ranges[at]) {
      const from = Math.max(range.span.start, position)
      const to = Math.min(range.span.end + 1, end)
      await sink(chunk.subarray(from - position, to - position), range.index)
      if (range.span.end >= end) break
      at += 1
    }
    position = end
  })
}
