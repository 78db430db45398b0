/** Range of a blob read: RFC 9110 §14, byte ranges only. */

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export type RangeRequest =
  /** No range, one that must be ignored, very many, or more bytes than the whole: answer 200 with everything. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'single'; readonly range: ByteRange }
  /** In the order of the request, not merged: clients count the parts. */
  | { readonly kind: 'multiple'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

/**
 * Ranges that one request is given, each perhaps by a call of its own to the store; podman asks for a thousand.
 * RFC 9110 §17.15: "Servers ought to ignore, coalesce, or reject egregious range requests".
 */
const MOST = 2048

const WHOLE: RangeRequest = { kind: 'whole' }
const SPEC = /^(\d*)-(\d*)$/

/**
 * What a Range header asks of a blob of `size` bytes.
 * RFC 9110 §14.2: "A server that supports range requests MAY ignore or reject a Range header field that contains
 * an invalid ranges-specifier"; a reversed range is rejected, because a 200 would surprise clients that resume.
 */
export function parseByteRange(header: string | undefined, size: number): RangeRequest {
  const specs = rangeSpecs(header)
  if (specs === undefined || specs.length > MOST || size === 0) return WHOLE
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const range = resolve(spec, size)
    if (range === 'malformed') return WHOLE
    if (range !== 'unsatisfiable') ranges.push(range)
  }
  const [first] = ranges
  if (first === undefined) return { kind: 'unsatisfiable' }
  if (specs.length === 1) return { kind: 'single', range: first }
  const bytes = ranges.reduce((sum, range) => sum + range.end - range.start + 1, 0)
  return bytes > size ? WHOLE : { kind: 'multiple', ranges }
}

function rangeSpecs(header: string | undefined): string[] | undefined {
  const match = header === undefined ? null : /^bytes=(.+)$/i.exec(header.trim())
  return match?.[1]?.split(',').map((spec) => spec.trim())
}

function resolve(spec: string, size: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const match = SPEC.exec(spec)
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return 'malformed'
  if (first === '') return suffix(Number(last), size)
  const start = Number(first)
  // RFC 9110 §14.1.1: a last position beyond the end means the remainder of the representation.
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start >= size || (last !== '' && Number(last) < start) ? 'unsatisfiable' : { start, end }
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  return length === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size - 1 }
}
