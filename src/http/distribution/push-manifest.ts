import { setTimeout } from 'node:timers/promises'
import type { Digest } from '../../oci/digest.ts'
import { bareMediaType } from '../../oci/media-type.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Tag } from '../../oci/tag.ts'
import { pushManifest as push } from '../../registry/push-manifest.ts'
import { repositoryName } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { stillAllowed } from '../late-body.ts'
import { requireDigest, requireTag } from '../require-name.ts'
import { bodyOf, free } from './chunk.ts'
import { tagCondition } from './conditional.ts'
import { queryText, referenceParam } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'

/** "Registries SHOULD accept at least 4 megabytes"; clients refuse to pull more. */
const MANIFEST_LIMIT = 4 * 1024 * 1024

/** distribution-spec end-7b asks for ten or more. */
const TAG_LIMIT = 100

/** Bytes above which a manifest waits for its turn. */
const LARGE = 256 * 1024

/** How long a large one has a place among those that are received, in milliseconds. */
const PLACE_MS = 30_000

/** distribution-spec end-7a, 7b: PUT of a manifest by tag, or by digest with tags. */
export function pushManifest(parts: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const target = targetOf(exchange)
    const contentType = bareMediaType(exchange.request.headers['content-type'])
    const account = accountName(exchange)
    // Of a digest there is nothing to find: the same bytes are the same manifest.
    const onlyIf = target.byTag ? tagCondition(exchange.request) : undefined
    const { largeBodies, largeManifests } = parts
    const body = receiving(exchange)
    const finish = async () => {
      const bytes = await body.upTo(MANIFEST_LIMIT)
      await stillAllowed(exchange.request)
      const manifest = { name, bytes, contentType, account, onlyIf, ...target }
      const store = () => push(parts.registry, parts.uploads, manifest)
      return (bytes.length <= LARGE ? store() : largeManifests(exchange, store)).finally(() => free(bytes))
    }
    const pushed = await receive(body, { largeBodies, exchange, finish }).catch(async (error: unknown) => {
      await body.leave()
      throw error
    })
    exchange.note({ digest: pushed.digest })
    return {
      status: 201,
      headers: {
        location: `/v2/${name}/manifests/${pushed.digest}`,
        'docker-content-digest': pushed.digest,
        // distribution-spec "Pushing Manifests with Subject": tells the client that no fallback tag is needed.
        ...(pushed.subject !== undefined && { 'oci-subject': pushed.subject }),
        ...(exchange.query.has('tag') && { 'oci-tag': target.tags.join(', ') }),
      },
    }
  }
}

/** Throws TAG_INVALID, DIGEST_INVALID, and UNSUPPORTED for tags beyond the limit (414) or beside a tag in the path. */
function targetOf(exchange: Exchange): {
  readonly digest: Digest | undefined
  readonly tags: readonly Tag[]
  readonly byTag: boolean
} {
  const reference = referenceParam(exchange)
  const extra = exchange.query.getAll('tag').map(requireTag)
  if (extra.length > TAG_LIMIT)
    throw new RegistryError('UNSUPPORTED', {
      status: 414,
      message: `${extra.length} tags at once; at most ${TAG_LIMIT} are possible`,
    })
  if (reference.kind === 'digest')
    return { digest: reference.digest, tags: [...new Set(extra)], byTag: false }
  if (extra.length > 0)
    throw new RegistryError('UNSUPPORTED', {
      status: 400,
      message: 'tag parameters go with a push by digest; this one already names a tag in its path',
    })
  const digest = queryText(exchange, 'digest')
  return {
    digest: digest === undefined ? undefined : requireDigest(digest),
    tags: [reference.tag],
    byTag: true,
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

/**
 * A large manifest is received and stored in its turn. It has the place for a while and no longer: who sends a byte now
 * and then goes on without one, and holds nobody up.
 */
async function receive<Result>(
  body: Receiving,
  parts: Pick<DistributionParts, 'largeBodies'> & {
    readonly exchange: Exchange
    readonly finish: () => Promise<Result>
  },
): Promise<Result> {
  const { largeBodies, exchange, finish } = parts
  await body.upTo(LARGE)
  if (body.isWhole()) return finish()
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
