import { type Digest, type DigestAlgorithm, isDigestAlgorithm } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Reference } from '../../oci/tag.ts'
import type { Exchange } from '../exchange.ts'
import { requireDigest, requireTag } from '../require-name.ts'

/** The `{digest}` of a path that is written to. Throws DIGEST_INVALID. */
export function digestParam(exchange: Exchange): Digest {
  return requireDigest(exchange.params['digest'] ?? '')
}

/**
 * The `{reference}` of a manifest that is written. Throws DIGEST_INVALID for text with a colon, TAG_INVALID else.
 */
export function referenceParam(exchange: Exchange): Reference {
  const text = exchange.params['reference'] ?? ''
  return text.includes(':')
    ? { kind: 'digest', digest: requireDigest(text) }
    : { kind: 'tag', tag: requireTag(text) }
}

/** The first of a query parameter that clients repeat (regclient does with `digest`); undefined when absent or empty. */
export function queryText(exchange: Exchange, name: string): string | undefined {
  const text = exchange.query.get(name)
  return text === null || text === '' ? undefined : text
}

/** distribution-spec end-4c: the algorithm announced for an upload. Throws DIGEST_INVALID. */
export function announcedAlgorithm(exchange: Exchange): DigestAlgorithm | undefined {
  const text = queryText(exchange, 'digest-algorithm')
  if (text === undefined || isDigestAlgorithm(text)) return text
  throw new RegistryError('DIGEST_INVALID', {
    message: `digest algorithm '${text.slice(0, 50)}' is not supported; use sha256 or sha512`,
  })
}

/** `n` of a list: undefined when absent. Throws PAGINATION_NUMBER_INVALID. */
export function pageSize(exchange: Exchange): number | undefined {
  const text = exchange.query.get('n')
  if (text === null) return undefined
  if (!/^\d+$/.test(text))
    throw new RegistryError('PAGINATION_NUMBER_INVALID', {
      message: `n is '${text.slice(0, 50)}'; it takes a whole number from 0 on`,
    })
  // What no list can have is as good as any larger number, and is written as digits in the next page's Link.
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}
