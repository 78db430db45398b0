import { readableLayer } from '../../inspect/image-layers.ts'
import type { IndexReader } from '../../inspect/layer/index-reader.ts'
import { type LayerState, recordIn } from '../../inspect/layer/layer-indexes.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { type Pinned, pinned, unchanged } from './caching.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/** A layer whose list of files is open. */
interface OpenedLayer {
  readonly layer: Digest
  readonly state: LayerState
  readonly reader: IndexReader
  readonly cache: Pinned
}

/**
 * Answers from the list of files of the layer of the path, unless the caller has that answer already. While there is none,
 * has it made and throws UNAVAILABLE; UNSUPPORTED where there will be none; what layerOf throws.
 */
export function fromLayerIndex(
  parts: InspectHttpParts,
  answerFrom: (exchange: Exchange, opened: OpenedLayer) => Promise<Reply>,
): Handler {
  return async (exchange) => {
    const layer = await layerOf(parts, exchange)
    const state = await parts.indexes.state(layer)
    if (state.state === 'none') await parts.indexer.request(layer)
    const reader = await parts.indexes.read(state)
    if (reader === undefined) throw notIndexed(layer, state)
    const cache = pinned(layer, state)
    if (unchanged(exchange, cache)) return { status: 304, headers: cache }
    return answerFrom(exchange, { layer, state, reader, cache })
  }
}

/** The layer of the path, if the caller may pull it. Throws DIGEST_INVALID, BLOB_UNKNOWN. */
export async function layerOf(parts: InspectHttpParts, exchange: Exchange): Promise<Digest> {
  const digest = requireDigest(exchange.params['digest'] ?? '')
  return readableLayer(parts.metadata, digest, mayRead(parts, exchange))
}

/** Says why there is no list of files, and what to do. */
export function notIndexed(layer: Digest, state: LayerState): RegistryError {
  const record = recordIn(state)
  if (record !== undefined)
    return new RegistryError('UNSUPPORTED', {
      status: 422,
      message: `the files of layer ${layer} cannot be listed: it is ${record.state}${record.reason === undefined ? '' : `: ${record.reason}`}`,
      detail: { layer, state: state.state },
    })
  return new RegistryError('UNAVAILABLE', {
    message: `layer ${layer} is being indexed; ask again in a moment`,
    detail: { layer, state: state.state },
    headers: { 'retry-after': '1' },
  })
}
