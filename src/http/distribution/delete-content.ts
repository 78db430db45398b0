import { unlinkBlob } from '../../registry/blobs.ts'
import { deleteTag, deleteManifest as removeManifest } from '../../registry/delete-manifest.ts'
import { repositoryName } from '../authorize.ts'
import type { Handler } from '../exchange.ts'
import { tagCondition } from './conditional.ts'
import { digestParam, referenceParam } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'

/** distribution-spec end-9: DELETE of a tag, or of a manifest with all its tags. */
export function deleteManifest({ registry }: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const reference = referenceParam(exchange)
    const by = accountName(exchange)
    if (reference.kind === 'tag') {
      const onlyIf = tagCondition(exchange.request)
      await deleteTag(registry, name, reference.tag, { by, onlyIf })
    } else await removeManifest(registry, name, reference.digest, by)
    return { status: 202 }
  }
}

/** distribution-spec end-10: DELETE of a blob from this repository; others keep it. */
export function deleteBlob({ registry }: DistributionParts): Handler {
  return async (exchange) => {
    await unlinkBlob(registry, repositoryName(exchange.params), digestParam(exchange))
    return { status: 202 }
  }
}
