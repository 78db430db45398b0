import type { Exchange } from './recording-proxy.ts'

/** What a client moved, read from the recorded exchanges. */
export interface Wire {
  /** Blobs whose upload was closed with 201 after body bytes went up: digest → bytes. */
  uploaded: Map<string, number>
  /** Digests that were mounted from another repository (201 without a byte). */
  mounted: string[]
  /** References of manifests that were put. */
  manifests: string[]
  /** Blobs of which bytes came down: digest → bytes. */
  downloaded: Map<string, number>
  /** Body bytes of all blob uploads, finished or not. */
  uploadBytes: number
}

/** Follows upload sessions by their Location, so that bytes of PATCHes count for the digest of the closing PUT. */
export function readWire(exchanges: readonly Exchange[]): Wire {
  const wire: Wire = {
    uploaded: new Map(),
    mounted: [],
    manifests: [],
    downloaded: new Map(),
    uploadBytes: 0,
  }
  const sessions = new Map<string, { bytes: number }>()
  for (const exchange of exchanges) {
    const url = new URL(exchange.path, 'http://registry')
    if (/\/blobs\/uploads(\/|$)/.test(url.pathname)) upload(wire, sessions, { exchange, url })
    else if (/\/manifests\//.test(url.pathname)) {
      if (exchange.method === 'PUT' && exchange.status === 201) wire.manifests.push(lastPart(url))
    } else if (/\/blobs\//.test(url.pathname) && exchange.method === 'GET' && exchange.status < 300) {
      const digest = lastPart(url)
      wire.downloaded.set(digest, (wire.downloaded.get(digest) ?? 0) + exchange.received)
    }
  }
  return wire
}

function upload(
  wire: Wire,
  sessions: Map<string, { bytes: number }>,
  { exchange, url }: { exchange: Exchange; url: URL },
): void {
  const { method, status, sent, location } = exchange
  const mount = url.searchParams.get('mount')
  const session = (method === 'POST' ? undefined : sessions.get(url.pathname)) ?? { bytes: 0 }
  session.bytes += sent
  wire.uploadBytes += sent
  if (location !== '') sessions.set(new URL(location, 'http://registry').pathname, session)
  const digest = url.searchParams.get('digest')
  if (status !== 201) return
  if (method === 'POST' && mount !== null) wire.mounted.push(mount)
  else if (digest !== null) wire.uploaded.set(digest, session.bytes)
}

function lastPart(url: URL): string {
  return decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))
}
