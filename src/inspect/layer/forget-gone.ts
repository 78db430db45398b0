import { transact } from '../../../storage/metadata/transact.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { layerIndexCodec } from '../../records/layer-index.ts'
import { pagesOf } from '../../records/pages.ts'
import { seekPointsCodec } from '../../records/seek-points.ts'
import { TupleReader } from '../../records/tuple.ts'
import { type HeldParts, releaseFile } from './store-index.ts'

const PAGE = 200

/** Lets go of what was made of layers that were collected. Gives the number of those layers. */
export async function forgetGone(parts: HeldParts, signal: AbortSignal): Promise<number> {
  let gone = 0
  for (const prefix of [keys.layerIndexes(), keys.allSeekPoints()])
    for await (const page of pagesOf(parts.metadata, { prefix, limit: PAGE })) {
      if (signal.aborted) return gone
      const layers = page.map(({ key }) => new TupleReader(key).digest())
      const blobs = await parts.metadata.read(layers.map((layer) => keys.blob(layer)))
      for (const [index, layer] of layers.entries())
        if (blobs[index] === undefined && (await forget(parts, layer))) gone += 1
    }
  return gone
}

/** The commit checks that the layer is still gone: the same content may be pushed again meanwhile. */
function forget(parts: HeldParts, layer: Digest): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const blob = await transaction.getChecked(blobCodec, keys.blob(layer))
    const index = await transaction.getChecked(layerIndexCodec, keys.layerIndex(layer))
    const points = await transaction.getChecked(seekPointsCodec, keys.seekPoints(layer))
    if (blob !== undefined || (index === undefined && points === undefined)) return false
    for (const file of [index?.value.index, points?.value.file])
      if (file !== undefined) await releaseFile(transaction, parts, layer, file.sha256)
    for (const record of [index, points]) if (record !== undefined) transaction.delete(record.key)
    return true
  })
}
