import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../oci/registry-error.ts'

/** Headers of which Node keeps the first and drops the others unseen, where a proxy in front may have read the last. */
const SINGLE: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type'])

/**
 * RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests", and "MUST ignore the received Host header field"
 * then. Makes the request one of the usual form, in place.
 */
export function toOriginForm(request: IncomingMessage): void {
  const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? '') ?? []
  if (authority === undefined) return
  request.headers.host = authority
  request.url = rest?.startsWith('/') === true ? rest : `/${rest ?? ''}`
}

/**
 * Characters of a target. A hundred tags of one push are 14,000; the query is kept in parts while its request lasts, and
 * those take twenty times as much.
 */
const TARGET_LIMIT = 32 * 1024

/** Whether the target of `request` is longer than what is read; such a request has to be refused. */
export function isTooLong({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return url.length > TARGET_LIMIT
}

/** A name or an address and perhaps a port, as RFC 3986 §3.2.2 has them; nothing is a host, too. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i

/**
 * RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a
 * Host header field and to any request message that contains more than one Host header field line or a Host header field
 * with an invalid field value". Throws UNSUPPORTED,
 * also for a target that is too long.
 */
export function refuseAmbiguous(request: IncomingMessage): void {
  if (isTooLong(request))
    throw new RegistryError('UNSUPPORTED', {
      status: 414,
      message: `the target of the request is longer than ${TARGET_LIMIT} characters; send less in one request`,
    })
  const { host, 'transfer-encoding': coding } = request.headers
  if (host === undefined && request.httpVersion === '1.1')
    throw invalid('a request of HTTP/1.1 has to name its Host')
  if (host !== undefined && !HOST.test(host))
    throw invalid('the Host of the request is not a name or address, with a port or without')
  if (coding !== undefined) refuseCoding(coding, request.httpVersion)
  const seen = new Set<string>()
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? '').toLowerCase()
    if (!SINGLE.has(name)) continue
    if (seen.has(name)) throw invalid(`the request has more than one ${name} header; send one`)
    seen.add(name)
  }
}

/**
 * RFC 9112 §6.1: a Transfer-Encoding in a message of HTTP/1.0 is framing that is faulty, and "A server that receives a
 * request message with a transfer coding it does not understand SHOULD respond with 501 (Not Implemented)".
 */
function refuseCoding(coding: string, httpVersion: string): void {
  if (httpVersion !== '1.1')
    throw invalid(`HTTP/${httpVersion} knows no Transfer-Encoding; send a Content-Length`)
  if (coding.toLowerCase() === 'chunked') return
  throw new RegistryError('UNSUPPORTED', {
    status: 501,
    message: `the transfer coding '${coding.slice(0, 50)}' is not understood here; send the body chunked or with a length`,
  })
}

function invalid(message: string): RegistryError {
  return new RegistryError('UNSUPPORTED', { status: 400, message })
}
