import { isIP, isIPv4 } from 'node:net'

/** Where to listen. */
export interface ListenAddress {
  /** Undefined: every address of this machine. */
  readonly host: string | undefined
  /** 0 lets the system pick one. */
  readonly port: number
}

/** A range of addresses, as `10.0.0.0/8` writes it. */
export interface Cidr {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** `127.0.0.1:5000`, `[::1]:5000`, `localhost:0` or `:5000`; undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  if (match[1] !== undefined && isIP(match[1]) !== 6) return undefined
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' || host === '*' ? undefined : host, port }
}

/** Whether only programs on this machine can reach `host`. */
export function isLoopback(host: string | undefined): boolean {
  return (
    host === 'localhost' || host === '::1' || (host !== undefined && isIPv4(host) && host.startsWith('127.'))
  )
}

/** `host:port` with the brackets that IPv6 needs. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A range, or a single address; undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefixText, ...rest] = text.split('/')
  const version = isIP(address)
  const longest = version === 4 ? 32 : 128
  if (version === 0 || address.includes('%') || rest.length > 0) return undefined
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined
  const prefix = prefixText === undefined ? longest : Number(prefixText)
  return prefix > longest ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}
