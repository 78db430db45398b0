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
 * RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a
 * Host header field and to any request message that contains more than one Host header field line". Throws UNSUPPORTED.
 */
export function refuseAmbiguous(request: IncomingMessage): void {
  if (request.headers.host === undefined && request.httpVersion === '1.1')
    throw invalid('a request of HTTP/1.1 has to name its Host')
  const seen = new Set<string>()
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? '').toLowerCase()
    if (!SINGLE.has(name)) continue
    if (seen.has(name)) throw invalid(`the request has more than one ${name} header; send one`)
    seen.add(name)
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('UNSUPPORTED', { status: 400, message })
}
