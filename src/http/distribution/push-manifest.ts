import type { Digest } from '../../oci/digest.ts'
import { bareMediaType } from '../../oci/media-type.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Tag } from '../../oci/tag.ts'
import { pushManifest as push } from '../../registry/push-manifest.ts'
import { repositoryName } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { stillAllowed } from '../late-body.ts'
import { bodyOf, free } from './chunk.ts'
import { tagCondition } from './conditional.ts'
import { queryText, referenceParam, requireDigest, requireTag } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'

/** "Registries SHOULD accept at least 4 megabytes"; clients refuse to pull more. */
const MANIFEST_LIMIT = 4 * 1024 * 1024

/** distribution-spec end-7b asks for ten or more. */
const TAG_LIMIT = 100

/** Bytes above which a manifest waits for its turn. */
const LARGE = 256 * 1024

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
    const receive = async () => {
      const bytes = await readManifest(exchange)
      await stillAllowed(exchange.request)
      const manifest = { name, bytes, contentType, account, onlyIf, ...target }
      const store = () => push(parts.registry, parts.uploads, manifest)
      return (bytes.length <= LARGE ? store() : largeManifests(exchange, store)).finally(() => free(bytes))
    }
    const pushed = await (announcedLength(exchange) <= LARGE ? receive() : largeBodies(exchange, receive))
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

/** Reads the body up to the limit. Throws MANIFEST_INVALID with 413 at the first byte beyond. */
async function readManifest(exchange: Exchange): Promise<Uint8Array> {
  const announced = announcedLength(exchange)
  let bytes: Uint8Array = new Uint8Array(Number.isFinite(announced) ? announced : 0)
  let size = 0
  for await (const chunk of bodyOf(exchange)) {
    const wanted = size + chunk.length
    if (wanted > MANIFEST_LIMIT) throw tooLarge()
    if (wanted > bytes.length) bytes = longer(bytes, wanted)
    bytes.set(chunk, size)
    size = wanted
  }
  return bytes.subarray(0, size)
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
