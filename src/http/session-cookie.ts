import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../oci/registry-error.ts'

/**
 * The cookie of the page. It counts for /api/v1 alone: on /v2/ nothing but an Authorization header does. Scripts cannot
 * read it, requests that other sites cause do not carry it, and writes are asked where they come from besides.
 */

/** With `__Host-` browsers take it from this host alone, over https alone: no neighbour of the same domain can plant one. */
function nameOf(origin: string): string {
  return isSecure(origin) ? '__Host-lamina' : 'lamina'
}

/** The text that the browser sends as its session, undefined without one. */
export function readSessionCookie(request: IncomingMessage, origin: string): string | undefined {
  const name = nameOf(origin)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key = '', ...value] = pair.split('=')
    if (key.trim() === name) return value.join('=').trim()
  }
  return undefined
}

/** The Set-Cookie header that gives a browser its session until `expires`, in milliseconds since 1970. */
export function sessionCookie(origin: string, text: string, expires: number): string {
  const secure = isSecure(origin) ? '; Secure' : ''
  return `${nameOf(origin)}=${text}; Path=/; Expires=${new Date(expires).toUTCString()}; HttpOnly; SameSite=Strict${secure}`
}

/**
 * Throws DENIED for a write that another site caused. Who shows an Authorization header did it on purpose; a browser
 * says where the request began, in Sec-Fetch-Site where it may and in Origin always.
 */
export function refuseOtherSites(request: IncomingMessage, origin: string, hasCookie: boolean): void {
  const { method = 'GET', headers } = request
  if (method === 'GET' || method === 'HEAD' || headers.authorization !== undefined) return
  const site = headers['sec-fetch-site']
  const known = site !== undefined || headers.origin !== undefined
  const own = site === undefined ? hostOf(headers.origin) === hostOf(origin) : OWN_SITES.includes(site)
  if (known ? own : !hasCookie) return
  throw new RegistryError('DENIED', {
    message:
      'this change was asked for by a page of another site; open the registry itself, send an Authorization header, or, behind a proxy, name that in LAMINA_TRUSTED_PROXIES',
  })
}

/** `none` is a person: an address typed in, a bookmark. */
const OWN_SITES: readonly string[] = ['same-origin', 'none']

/** The host and port of an origin. A proxy that we were not told of may have ended TLS, so the scheme may differ. */
function hostOf(origin: string | undefined): string | undefined {
  return origin === undefined || !URL.canParse(origin) ? undefined : new URL(origin).host
}

function isSecure(origin: string): boolean {
  return origin.startsWith('https:')
}
