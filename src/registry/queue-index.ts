import type { Transaction } from '../../storage/metadata/transact.ts'
import { digestAlgorithm } from '../oci/digest.ts'
import type { ParsedManifest } from '../oci/manifest.ts'
import { keys } from '../records/keys.ts'
import { INDEX_VERSION, indexQueueCodec, layerIndexCodec } from '../records/layer-index.ts'

/**
 * Queues the layers of a new image for the inspector, those that it has not looked into. Only under their sha256: what
 * was pushed under another algorithm waits for the first look.
 */
export async function queueIndexing(
  transaction: Transaction,
  manifest: ParsedManifest,
  at: number,
): Promise<void> {
  const layers = manifest.layers.flatMap(({ digest, mediaType }) =>
    digest !== undefined && digestAlgorithm(digest) === 'sha256' && mediaType.includes('tar') ? [digest] : [],
  )
  const unique = [...new Set(layers)]
  const [known, waiting] = await Promise.all([
    transaction.getMany(
      layerIndexCodec,
      unique.map((layer) => keys.layerIndex(layer)),
    ),
    transaction.getMany(
      indexQueueCodec,
      unique.map((layer) => keys.indexQueue(layer)),
    ),
  ])
  for (const [index, layer] of unique.entries()) {
    // One of an older program is made again, as it is when somebody looks.
    if (known[index]?.version !== INDEX_VERSION && waiting[index] === undefined)
      transaction.set(indexQueueCodec, keys.indexQueue(layer), { at, attempts: 0 })
  }
}
