import { RegistryError } from '../oci/registry-error.ts'
import type { ReadinessCheck } from './health.ts'

/** By how much replicas may differ, in milliseconds: dates in records are compared by all of them. */
export const CLOCK_SLACK = 30_000

/** Takes a server out of rotation whose clock differs from that of the database which it shares with others. */
export function clockCheck(clockAhead: () => Promise<number>): ReadinessCheck {
  return async () => {
    const ahead = await clockAhead()
    if (Math.abs(ahead) <= CLOCK_SLACK) return
    throw new RegistryError('UNAVAILABLE', {
      message: `the clock of this server is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'behind' : 'ahead of'} that of the database: set both by NTP`,
      headers: { 'retry-after': '30' },
    })
  }
}
