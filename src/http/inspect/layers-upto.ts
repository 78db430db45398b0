import { type Image, loadImage } from '../../inspect/image.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'
import type { Pinned } from './caching.ts'
import { imageParam, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { caching, type Ready, ready } from './ready-image.ts'

/** An image as one of its layers leaves it. */
export interface Upto extends Ready {
  readonly cache: Pinned | undefined
}

/** The image in `ref` with its layers up to `upto`; those that were not looked into are asked for. Throws REQUEST_INVALID. */
export async function layersUpto(parts: InspectHttpParts, exchange: Exchange): Promise<Upto> {
  const ref = exchange.query.get('ref') ?? ''
  const image = await loadImage(parts.source, imageParam(ref), textParam(exchange, 'platform'))
  const found = await ready(parts, image, topLayer(exchange, image) + 1)
  return { ...found, cache: caching([ref], [found]) }
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
