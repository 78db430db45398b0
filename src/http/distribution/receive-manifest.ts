import { RegistryError } from '../../oci/registry-error.ts'
import { inBriefTurn } from '../brief-turn.ts'
import type { Exchange } from '../exchange.ts'
import { JoinedBytes } from '../joined-bytes.ts'
import { stillAllowed } from '../late-body.ts'
import { bodyOf, free } from './chunk.ts'
import type { DistributionParts } from './parts.ts'

/** "Registries SHOULD accept at least 4 megabytes"; clients refuse to pull more. */
const MANIFEST_LIMIT = 4 * 1024 * 1024

/** Bytes above which a manifest waits for its turn. */
const LARGE = 256 * 1024

/** How long a large one has a place among those that are received, in milliseconds. */
const PLACE_MS = 30_000

type Turns = Pick<DistributionParts, 'largeBodies' | 'largeManifests'>

/**
 * Reads a manifest and has it stored; a large one in its turn. It has that place for a while and no longer: who sends a
 * byte now and then goes on without one, and holds nobody up. Throws MANIFEST_INVALID with 413 beyond the limit.
 */
export async function receiveManifest<Result>(
  turns: Turns,
  exchange: Exchange,
  store: (bytes: Uint8Array) => Promise<Result>,
): Promise<Result> {
  const body = receiving(exchange)
  const finish = async () => {
    const bytes = await body.upTo(MANIFEST_LIMIT)
    const work = async () => {
      // Behind its turn: a right that was lost while it waited counts no more.
      await stillAllowed(exchange.request)
      return store(bytes)
    }
    return (bytes.length <= LARGE ? work() : turns.largeManifests(exchange, work)).finally(() => free(bytes))
  }
  try {
    await body.upTo(LARGE)
    if (body.isWhole()) return await finish()
    return await inBriefTurn((begin) => turns.largeBodies(exchange, begin), PLACE_MS, finish)
  } catch (error) {
    await body.leave()
    throw error
  }
}

/** Infinity when the client does not say. Throws MANIFEST_INVALID with 413 beyond the limit. */
function announcedLength({ request }: Exchange): number {
  const header = request.headers['content-length']
  if (header === undefined) return Number.POSITIVE_INFINITY
  if (Number(header) > MANIFEST_LIMIT) throw tooLarge()
  return Number(header)
}

/** A manifest on its way. */
interface Receiving {
  /** What has come when there are more than `most` bytes or none follow. Throws MANIFEST_INVALID with 413 beyond the limit. */
  upTo(most: number): Promise<Uint8Array>
  isWhole(): boolean
  /** Leaves the request as it is, so that the rest of its body can be thrown away before the answer. */
  leave(): Promise<unknown>
}

/** Throws MANIFEST_INVALID with 413 for one that is announced to be too long. */
function receiving(exchange: Exchange): Receiving {
  const announced = announcedLength(exchange)
  const chunks = bodyOf(exchange)
  const body = new JoinedBytes(MANIFEST_LIMIT, Math.min(announced, LARGE))
  let whole = false
  return {
    upTo: async (most) => {
      while (!whole && body.length <= most) {
        const next = await chunks.next()
        whole = next.done === true
        if (next.done === true) break
        if (!body.add(next.value)) throw tooLarge()
      }
      return body.bytes()
    },
    isWhole: () => whole,
    leave: () => chunks.return(undefined),
  }
}

function tooLarge(): RegistryError {
  return new RegistryError('MANIFEST_INVALID', {
    status: 413,
    message: `a manifest may have ${MANIFEST_LIMIT} bytes; clients would refuse to pull a larger one`,
  })
}
