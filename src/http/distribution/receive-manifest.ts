import { setTimeout } from 'node:timers/promises'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'
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
    return await (body.isWhole() ? finish() : inPlace(turns, exchange, finish))
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
  let bytes: Uint8Array = new Uint8Array(Math.min(announced, LARGE))
  let [size, whole] = [0, false]
  return {
    upTo: async (most) => {
      while (!whole && size <= most) {
        const next = await chunks.next()
        whole = next.done === true
        if (next.done === true) break
        bytes = joined(bytes, size, next.value)
        size += next.value.length
      }
      return bytes.subarray(0, size)
    },
    isWhole: () => whole,
    leave: () => chunks.return(undefined),
  }
}

/** What `finish` gives, begun when a place among large manifests is free. */
async function inPlace<Result>(
  { largeBodies }: Turns,
  exchange: Exchange,
  finish: () => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const late = setTimeout(PLACE_MS, undefined, { ref: false, signal: over.signal }).catch(() => undefined)
  let finished: Promise<Result> | undefined
  const begin = (): Promise<unknown> => {
    finished = finish()
    return Promise.race([finished, late])
  }
  await largeBodies(exchange, begin).finally(() => over.abort())
  return finished ?? finish()
}

/** The first `size` bytes and a chunk behind them. Throws MANIFEST_INVALID with 413 beyond the limit. */
function joined(bytes: Uint8Array, size: number, chunk: Uint8Array): Uint8Array {
  const wanted = size + chunk.length
  if (wanted > MANIFEST_LIMIT) throw tooLarge()
  const room = wanted > bytes.length ? longer(bytes, wanted) : bytes
  room.set(chunk, size)
  return room
}

/** At least twice as long, so that a body whose length nobody announced is not copied with each chunk. */
function longer(bytes: Uint8Array, wanted: number): Uint8Array {
  const longer = new Uint8Array(Math.min(MANIFEST_LIMIT, Math.max(wanted, 2 * bytes.length)))
  longer.set(bytes)
  return longer
}

function tooLarge(): RegistryError {
  return new RegistryError('MANIFEST_INVALID', {
    status: 413,
    message: `a manifest may have ${MANIFEST_LIMIT} bytes; clients would refuse to pull a larger one`,
  })
}
