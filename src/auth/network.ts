import { isIPv6 } from 'node:net'

/** The network that one host may speak from: an IPv6 host owns a whole /64 of addresses, and they count as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':')
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const missing = 8 - groups.length - tail.split(':').length
  const whole = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail.split(':')]
  return whole.slice(0, 4).join(':')
}
