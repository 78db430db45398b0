import { createFairQueue } from '../auth/fair-queue.ts'
import { accountOf } from '../auth/identity.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Exchange } from './exchange.ts'

/**
 * Runs what takes much of the server when its turn comes; accounts take turns, and all who are not signed in are one.
 * Rejects with TOOMANYREQUESTS when too many wait.
 */
export type InTurn = <Result>(asker: Pick<Exchange, 'caller'>, work: () => Promise<Result>) => Promise<Result>

/** So many at once; of those that wait beyond `waiting`, whoever asked for most of them is turned away. */
export function createTurns(parts: {
  readonly atOnce: number
  readonly waiting: number
  /** What there is too much of, in a sentence. */
  readonly refusal: string
}): InTurn {
  const { atOnce, waiting, refusal } = parts
  const tooMany = () =>
    new RegistryError('TOOMANYREQUESTS', {
      message: `${refusal}; try again in a few seconds`,
      headers: { 'retry-after': '5' },
    })
  const queue = createFairQueue({ atOnce, waiting, refusal: tooMany })
  return ({ caller }, work) => queue.run(accountOf(caller.identity), work)
}
