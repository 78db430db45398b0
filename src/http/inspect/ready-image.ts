import type { Image } from '../../inspect/image.ts'
import { type KnownLayer, knownLayers } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { formatImageReference } from '../../oci/image-reference.ts'
import { type Pinned, pinnedBy } from './caching.ts'
import { requestIndexes } from './image.ts'
import { imageParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** An image with the state of its layers; has those indexed that are not. */
export interface Ready {
  readonly image: Image
  readonly layers: readonly KnownLayer[]
  /** Names its files as they are known now. */
  readonly key: string
  readonly missing: readonly { readonly layer: number; readonly state: string }[]
  /** Every layer was looked into, so `key` stays what it is until one is looked into anew. */
  readonly settled: boolean
}

/** What is known of an image now, or of its first `count` layers; those that were not looked into are asked for. */
export async function ready(parts: InspectHttpParts, image: Image, count?: number): Promise<Ready> {
  const layers = (await knownLayers(parts.metadata, parts.indexes, image)).slice(0, count)
  await requestIndexes(parts, layers)
  const stamps = layers.map(({ state }) => ('at' in state ? state.at : state.state))
  const settled = layers.every(({ state }) => recordIn(state) !== undefined)
  const missing = layers.flatMap(({ state }, layer) =>
    state.state === 'done' ? [] : [{ layer, state: state.state }],
  )
  return { image, layers, key: `${image.digest} ${stamps.join(' ')}`, missing, settled }
}

/** What was asked for by digest, and is settled, has an answer that does not change. */
export function caching(refs: readonly string[], images: readonly Ready[]): Pinned | undefined {
  const byDigest = refs.every((ref) => imageParam(ref).reference.kind === 'digest')
  return byDigest && images.every(({ settled }) => settled)
    ? pinnedBy(images.map(({ key }) => key))
    : undefined
}

/** The image by its digest. */
export function pinnedRef({ name, digest }: Image): string {
  return formatImageReference({ name, reference: { kind: 'digest', digest } })
}
