import type { IncomingMessage } from 'node:http'

/** Whether If-None-Match names this content, so that 304 says all. Digests are sent quoted by some clients, bare by others. */
export function isUnchanged(request: IncomingMessage, digest: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((tag) => tag === digest || tag === '*')
}

/** RFC 9110 §13.1.5: a Range counts only while If-Range, when present, names the current content by its strong tag. */
export function rangeCounts(request: IncomingMessage, digest: string): boolean {
  const header = request.headers['if-range']
  return header === undefined || header === `"${digest}"`
}
