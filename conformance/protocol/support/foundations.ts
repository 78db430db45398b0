import { at } from './json.ts'
import type { Ask, Reply } from './wire.ts'

/**
 * P§0 "OCI codes → status". The spec closes the list of codes; the second group are docker's own.
 * A code is only ever sent with one of its statuses.
 */
const STATUSES: Readonly<Record<string, readonly number[]>> = {
  BLOB_UNKNOWN: [404],
  BLOB_UPLOAD_INVALID: [400, 404],
  BLOB_UPLOAD_UNKNOWN: [404],
  DIGEST_INVALID: [400],
  MANIFEST_BLOB_UNKNOWN: [400],
  MANIFEST_INVALID: [400],
  MANIFEST_UNKNOWN: [404],
  NAME_INVALID: [400],
  NAME_UNKNOWN: [404],
  SIZE_INVALID: [400],
  UNAUTHORIZED: [401],
  DENIED: [403],
  UNSUPPORTED: [405, 400, 404],
  TOOMANYREQUESTS: [429],
  UNKNOWN: [500],
  UNAVAILABLE: [503],
  TAG_INVALID: [400],
  RANGE_INVALID: [416],
  PAGINATION_NUMBER_INVALID: [400],
  STORAGE_FULL: [507],
}

/** Codes of our own, which no endpoint of the distribution protocol sends. */
const OWN: Readonly<Record<string, readonly number[]>> = {
  REQUEST_INVALID: [400],
  CHECK_FAILED: [422],
  CONFLICT: [409],
}

/** Statuses for which the spec names no code of their own. */
const FREE = new Set([409, 412, 413, 414, 415, 422, 507])

/** The rules of P§0 that hold for every answer, and that this answer breaks. */
export function breaches(ask: Ask, reply: Reply): string[] {
  // Health is for load balancers, which read the status alone.
  if (ask.path === '/healthz' || ask.path === '/readyz') return []
  const head = ask.method === 'HEAD'
  const registry = ask.path === '/v2' || ask.path.startsWith('/v2/')
  const found = [
    // "`Docker-Distribution-Api-Version: registry/2.0` on everything under /v2/, 401 included."
    ...(registry && reply.header('docker-distribution-api-version') !== 'registry/2.0'
      ? ['no Docker-Distribution-Api-Version: registry/2.0']
      : []),
    // "Never compress registry responses, never send `Content-Encoding`"
    ...(reply.headers.has('content-encoding') ? ['it has a Content-Encoding'] : []),
    ...(head && reply.body.length > 0 ? ['a HEAD has a body'] : []),
    ...(lengthIsWrong(head, reply)
      ? [`Content-Length ${reply.header('content-length')} but ${reply.body.length} bytes`]
      : []),
    // "Every 401 anywhere must carry" a challenge.
    ...(reply.status === 401 && reply.lines('www-authenticate').length === 0
      ? ['a 401 without a challenge']
      : []),
    // RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
    ...(reply.status === 405 && reply.header('allow') === undefined ? ['a 405 without Allow'] : []),
    // "429 with integer `Retry-After`"
    ...([429, 503].includes(reply.status) && !/^\d+$/.test(reply.header('retry-after') ?? '')
      ? ['no integer Retry-After']
      : []),
    // "Accept […] without redirecting"; blobs are served here, not elsewhere.
    ...(reply.status >= 300 && reply.status < 400 && reply.status !== 304 ? ['a redirect'] : []),
    // "no weak ETags (`W/`)"
    ...(/^"[^"]+"$/.test(reply.header('etag') ?? '"-"') ? [] : [`the ETag ${reply.header('etag')}`]),
    // "`Warning` header form: code 299, agent a dash, quoted text, no date, 4096 bytes in all"
    ...(reply.lines('warning').every((line) => /^299 - "[^"]*"$/.test(line))
      ? []
      : ['a Warning that clients do not show']),
    ...(reply.status >= 500 && ![503, 507].includes(reply.status) ? ['the server failed'] : []),
  ]
  const codes = registry && !ask.path.startsWith('/v2/token') ? STATUSES : { ...STATUSES, ...OWN }
  return reply.status >= 400 && !head ? [...found, ...errorBreaches(reply, codes)] : found
}

function lengthIsWrong(head: boolean, reply: Reply): boolean {
  const length = reply.header('content-length')
  return !head && reply.status !== 304 && length !== undefined && Number(length) !== reply.body.length
}

/** "Errors: JSON `errors[]` of code/message/detail with an `application/json` type". */
function errorBreaches(reply: Reply, codes: typeof STATUSES): string[] {
  if (!/^application\/json(;|$)/.test(reply.header('content-type') ?? ''))
    return [`the error's type is ${reply.header('content-type')}`]
  const body = reply.json
  const errors = at(body, 'errors')
  if (!Array.isArray(errors) || errors.length === 0) return ['no errors[] in the error']
  const found = errors.flatMap((error: unknown) => oneErrorBreaches(reply.status, error, codes))
  // MBv errors.go treats a top-level `details` key as the message.
  if (at(body, 'details') !== undefined) found.push('a top-level details key')
  if (/node:internal|\bat .*\.(ts|js):\d+/.test(reply.text)) found.push('a stack trace leaks')
  return found
}

function oneErrorBreaches(status: number, error: unknown, codes: typeof STATUSES): string[] {
  const code = at(error, 'code')
  const message = at(error, 'message')
  if (typeof code !== 'string') return ['an error without a code']
  if (typeof message !== 'string' || message === '') return [`${code} without a message`]
  const statuses = codes[code]
  if (statuses === undefined) return [`${code} is not in the closed list of codes`]
  return statuses.includes(status) || FREE.has(status) ? [] : [`${code} with status ${status}`]
}
