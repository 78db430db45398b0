import { createFairQueue } from '../../auth/fair-queue.ts'
import { accountOf } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'

/** Each takes a core for seconds, and memory for every file of its images. */
const AT_ONCE = 2
/** Beyond which whoever asked for most of them is turned away. */
const WAITING = 100

/**
 * Runs what reads whole indexes of layers when its turn comes; accounts take turns, and all who are not signed in are
 * one. Rejects with TOOMANYREQUESTS when too many wait.
 */
export type WholeReads = <Result>(
  asker: Pick<Exchange, 'caller'>,
  read: () => Promise<Result>,
) => Promise<Result>

export function createWholeReads(): WholeReads {
  const queue = createFairQueue({ atOnce: AT_ONCE, waiting: WAITING, refusal: tooBusy })
  return ({ caller }, read) => queue.run(accountOf(caller.identity), read)
}

function tooBusy(): RegistryError {
  return new RegistryError('TOOMANYREQUESTS', {
    message: 'too many reports on images were asked for at once; try again in a few seconds',
    headers: { 'retry-after': '5' },
  })
}
