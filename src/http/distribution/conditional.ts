import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../../oci/registry-error.ts'
import type { TagCondition } from '../../registry/move-tag.ts'

/** Whether If-None-Match names this content, so that 304 says all. Digests are sent quoted by some clients, bare by others. */
export function isUnchanged(request: IncomingMessage, digest: string): boolean {
  const header = request.headers['if-none-match']
  return header !== undefined && names(header, digest)
}

/**
 * RFC 9110 §13.1.1: "An origin server that evaluates an If-Match condition MUST NOT perform the requested method if the
 * condition evaluates to false", which is how clients go on with what a tag led to before. Throws DENIED with 412.
 */
export function requireMatch(request: IncomingMessage, digest: string): void {
  const header = request.headers['if-match']
  if (header === undefined || names(header, digest)) return
  throw new RegistryError('DENIED', {
    status: 412,
    message: `this is ${digest}, which is not what If-Match asks for; begin anew`,
    detail: { digest },
  })
}

/** RFC 9110 §13.1.1 and §13.1.2, for a tag that is to change; undefined when the request asks for nothing. */
export function tagCondition(request: IncomingMessage): TagCondition | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers
  if (match === undefined && noneMatch === undefined) return undefined
  return (current) =>
    (match === undefined || (current !== undefined && names(match, current))) &&
    (noneMatch === undefined || current === undefined || !names(noneMatch, current))
}

function names(header: string, digest: string): boolean {
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
