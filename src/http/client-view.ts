import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'

/** How a client sees us and we see it, through proxies that we trust. */
export interface ClientView {
  /** `https://registry.example:5000`, without a slash at the end. */
  readonly origin: string
  readonly address: string
  /** Someone whom we do not trust sent forwarding headers; they were not used. */
  readonly untrustedForwarding: boolean
}

export interface ClientViewSettings {
  readonly publicUrl: string | undefined
  readonly trustedProxies: BlockList | undefined
}

const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] as const

/** Reads the connection and, behind a trusted proxy, the X-Forwarded-* or Forwarded headers it set. */
export function viewClient(request: IncomingMessage, settings: ClientViewSettings): ClientView {
  const peer = plainAddress(request.socket.remoteAddress ?? '')
  const forwarding = FORWARDING.some((header) => request.headers[header] !== undefined)
  const trusted = forwarding && isTrusted(peer, settings.trustedProxies)
  const proto = (trusted && forwardedProto(request)) || ('encrypted' in request.socket ? 'https' : 'http')
  const host = (trusted && forwardedHost(request)) || plainHost(request.headers.host) || ownHost(request)
  return {
    origin: settings.publicUrl ?? `${proto}://${host}`,
    address: trusted ? clientAddress(request, peer, settings.trustedProxies) : peer,
    untrustedForwarding: forwarding && !trusted,
  }
}

function isTrusted(address: string, proxies: BlockList | undefined): boolean {
  return proxies?.check(address, address.includes(':') ? 'ipv6' : 'ipv4') ?? false
}

/** IPv4 addresses arrive as IPv6 ones on a socket that listens to both. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

function forwardedProto(request: IncomingMessage): 'http' | 'https' | undefined {
  const proto = first(request.headers['x-forwarded-proto']) ?? forwardedPart(request, 'proto')
  return proto === 'http' || proto === 'https' ? proto : undefined
}

function forwardedHost(request: IncomingMessage): string | undefined {
  const host = first(request.headers['x-forwarded-host']) ?? forwardedPart(request, 'host')
  return plainHost(host)
}

/** A host goes into URLs that clients follow, so it must be nothing else. */
function plainHost(host: string | undefined): string | undefined {
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? host : undefined
}

function ownHost({ socket }: IncomingMessage): string {
  const address = socket.localAddress ?? 'localhost'
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort ?? 80}`
}

/** The rightmost that is not one of our proxies: what stands left of it, also of a hidden one, the client may have invented. */
function clientAddress(request: IncomingMessage, peer: string, proxies: BlockList | undefined): string {
  const chain = forwardedChain(request).map(nodeAddress)
  return chain.findLast((address) => address === undefined || !isTrusted(address, proxies)) ?? peer
}

/** Who passed the request on to whom, the client first. */
function forwardedChain({ headers }: IncomingMessage): string[] {
  const header = headers['x-forwarded-for']
  if (header !== undefined) return (Array.isArray(header) ? header.join(',') : header).split(',')
  return (headers.forwarded ?? '').split(',').map((element) => elementPart(element, 'for') ?? '')
}

/** RFC 7239 §6: an address with or without a port, in brackets when it is an IPv6 one. Undefined: hidden, or no address. */
function nodeAddress(text: string): string | undefined {
  const [, inBrackets, bare] = /^(?:\[([^\]]*)\]|(\d+(?:\.\d+){3}))(?::\w*)?$/.exec(text.trim()) ?? []
  const address = plainAddress(inBrackets ?? bare ?? text.trim())
  return isIP(address) === 0 ? undefined : address
}

/** RFC 7239: `Forwarded: for=…;proto=https;host=…`, the first element is the client's. */
function forwardedPart(request: IncomingMessage, name: string): string | undefined {
  return elementPart(request.headers.forwarded?.split(',', 1)[0] ?? '', name)
}

function elementPart(element: string, name: string): string | undefined {
  const pair = element.split(';').find((part) => part.trim().toLowerCase().startsWith(`${name}=`))
  return pair?.split('=')[1]?.trim().replaceAll('"', '')
}

function first(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header
  return text?.split(',', 1)[0]?.trim()
}
