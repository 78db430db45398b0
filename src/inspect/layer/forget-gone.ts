import { transact } from '../../../storage/metadata/transact.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keyAfter, keys } from '../../records/keys.ts'
import { layerIndexCodec } from '../../records/layer-index.ts'
import { TupleReader } from '../../records/tuple.ts'
import { type HeldParts, releaseFile } from './store-index.ts'

const PAGE = 200

/** Lets go of the indexes whose layers were collected. Gives their number. */
export async function forgetGone(parts: HeldParts, signal: AbortSignal): Promise<number> {
  const prefix = keys.layerIndexes()
  let [from, gone] = [prefix, 0]
  while (!signal.aborted) {
    const page = await parts.metadata.range({ prefix, from, limit: PAGE })
    const layers = page.map(({ key }) => new TupleReader(key).digest())
    const blobs = await parts.metadata.read(layers.map((layer) => keys.blob(layer)))
    for (const [index, layer] of layers.entries())
      if (blobs[index] === undefined && (await forget(parts, layer))) gone += 1
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) break
    from = keyAfter(end.key)
  }
  return gone
}

/** The commit checks that the layer is still gone: the same content may be pushed again meanwhile. */
function forget(parts: HeldParts, layer: Digest): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const blob = await transaction.getChecked(blobCodec, keys.blob(layer))
    const record = await transaction.getChecked(layerIndexCodec, keys.layerIndex(layer))
    if (blob !== undefined || record === undefined) return false
    const index = record.value.index?.sha256
    if (index !== undefined) await releaseFile(transaction, parts, layer, index)
    transaction.delete(record.key)
    return true
  })
}
