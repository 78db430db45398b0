import { createHash } from 'node:crypto'
import type { Digest } from '../oci/digest.ts'
import { digestFromBytes } from '../oci/digest.ts'

/**
 * image-spec "Layer ChainID": ChainID(L0) = DiffID(L0), ChainID(L0|…|Ln) = Digest(ChainID(L0|…|Ln-1) + " " + DiffID(Ln)).
 * Names a layer together with all below it. Undefined from the first layer on whose diff_id is not known.
 */
export function chainIds(diffIds: readonly (Digest | undefined)[]): (Digest | undefined)[] {
  const chain: (Digest | undefined)[] = []
  for (const [index, diffId] of diffIds.entries()) {
    const below = chain[index - 1]
    if (diffId === undefined || (index > 0 && below === undefined)) chain.push(undefined)
    else if (below === undefined) chain.push(diffId)
    else chain.push(digestFromBytes('sha256', createHash('sha256').update(`${below} ${diffId}`).digest()))
  }
  return chain
}
