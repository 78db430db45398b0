import { RegistryError } from '../../oci/registry-error.ts'
import { parseReference } from '../../oci/tag.ts'
import { getManifest } from '../../registry/manifests.ts'
import { repositoryName } from '../authorize.ts'
import type { Handler } from '../exchange.ts'
import { isUnchanged, requireMatch } from './conditional.ts'
import { type DistributionParts, immutable, mayPush } from './parts.ts'

/**
 * distribution-spec end-3: GET and HEAD of a manifest: its exact bytes and its own type, whatever Accept says.
 * Throws MANIFEST_UNKNOWN, also for what is no reference at all, and DENIED with 412 for another one than If-Match names.
 */
export function pullManifest(parts: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const text = exchange.params['reference'] ?? ''
    const reference = parseReference(text)
    if (reference === undefined)
      throw new RegistryError('MANIFEST_UNKNOWN', {
        message: `'${text.slice(0, 150)}' is neither a tag nor a digest, so no manifest has it`,
      })
    const manifest = await getManifest(parts.registry, name, reference, mayPush(parts, exchange, name))
    const { digest, mediaType, size } = manifest
    exchange.note({ digest })
    requireMatch(exchange.request, digest)
    if (exchange.method === 'GET') manifest.notePull()
    const headers = {
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'cache-control': reference.kind === 'digest' ? immutable(exchange) : 'no-cache',
    }
    if (isUnchanged(exchange.request, digest)) return { status: 304, headers }
    const described = { ...headers, 'content-type': mediaType, 'content-length': String(size) }
    if (exchange.method === 'HEAD') return { status: 200, headers: described }
    return { status: 200, headers: described, body: await manifest.open() }
  }
}
