import { accountOf } from '../auth/identity.ts'
import { networkOf } from '../auth/network.ts'
import { createFairQueue } from '../fair-queue.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Exchange } from './exchange.ts'

export type Asker = Pick<Exchange, 'caller' | 'address'>

/**
 * Runs what takes much of the server when its turn comes; accounts take turns, and networks of those who are not signed
 * in. Rejects with TOOMANYREQUESTS when too many wait.
 */
export type InTurn = <Result>(asker: Asker, work: () => Promise<Result>) => Promise<Result>

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
  return (asker, work) => queue.run(nameOf(asker), work)
}

function nameOf({ caller: { identity }, address }: Asker): string {
  const isSomebody = identity.kind === 'user' || identity.kind === 'account'
  return isSomebody ? accountOf(identity) : networkOf(address)
}
