import type { Digest } from '../../oci/digest.ts'
import { bareMediaType } from '../../oci/media-type.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Tag } from '../../oci/tag.ts'
import { pushManifest as push } from '../../registry/push-manifest.ts'
import { repositoryName } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { requireDigest, requireTag } from '../require-name.ts'
import { tagCondition } from './conditional.ts'
import { queryText, referenceParam } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'
import { receiveManifest } from './receive-manifest.ts'

/** distribution-spec end-7b asks for ten or more. */
const TAG_LIMIT = 100

/** distribution-spec end-7a, 7b: PUT of a manifest by tag, or by digest with tags. */
export function pushManifest(parts: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const target = targetOf(exchange)
    const contentType = bareMediaType(exchange.request.headers['content-type'])
    const account = accountName(exchange)
    // Of a digest there is nothing to find: the same bytes are the same manifest.
    const onlyIf = target.byTag ? tagCondition(exchange.request) : undefined
    const pushed = await receiveManifest(parts, exchange, (bytes) =>
      push(parts.registry, parts.uploads, { name, bytes, contentType, account, onlyIf, ...target }),
    )
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
