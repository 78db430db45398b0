import { isIP } from 'node:net'

/** What a certificate can be made out to. */
export interface CertificateName {
  readonly type: 'dns' | 'ip'
  readonly value: string
}

/** An IP address or a host name, without a port; undefined for anything else. */
export function parseCertificateName(text: string): CertificateName | undefined {
  if (isIP(text) !== 0) return { type: 'ip', value: text }
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
  const host = new RegExp(`^(?=.{1,253}$)(\\*\\.)?${label}(\\.${label})*$`, 'i')
  // Only digits and dots: a mistyped address, which no client would accept as a name.
  return host.test(text) && !/^[\d.]+$/.test(text) ? { type: 'dns', value: text.toLowerCase() } : undefined
}
