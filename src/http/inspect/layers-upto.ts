import { type Image, loadImage } from '../../inspect/image.ts'
import { type KnownLayer, knownLayers } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'
import { type Pinned, pinnedBy } from './caching.ts'
import { requestIndexes } from './image.ts'
import { imageParam, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** An image as one of its layers leaves it. */
export interface Upto {
  readonly image: Image
  readonly layers: readonly KnownLayer[]
  /** Of an image by its digest, all of whose layers were looked into. */
  readonly cache: Pinned | undefined
}

/** The image in `ref` with its layers up to `upto`; those that were not looked into are asked for. Throws REQUEST_INVALID. */
export async function layersUpto(parts: InspectHttpParts, exchange: Exchange): Promise<Upto> {
  const ref = imageParam(exchange.query.get('ref') ?? '')
  const image = await loadImage(parts.source, ref, textParam(exchange, 'platform'))
  const all = await knownLayers(parts.metadata, parts.indexes, image)
  const layers = all.slice(0, topLayer(exchange, image) + 1)
  await requestIndexes(parts, layers)
  const records = layers.map(({ state }) => recordIn(state))
  const settled = ref.reference.kind === 'digest' && records.every((record) => record !== undefined)
  const stamps = records.map((record) => String(record?.at ?? 0))
  return { image, layers, cache: settled ? pinnedBy([image.digest, ...stamps]) : undefined }
}

/** The layer in `upto`; the last one by default. Throws REQUEST_INVALID. */
function topLayer({ query }: Exchange, { manifest }: Image): number {
  const text = query.get('upto')
  const last = manifest.layers.length - 1
  if (text === null) return last
  if (/^\d{1,6}$/.test(text) && Number(text) <= last) return Number(text)
  throw new RegistryError('REQUEST_INVALID', {
    message: `upto takes the index of a layer, from 0 to ${last}`,
    detail: { field: 'upto' },
  })
}
