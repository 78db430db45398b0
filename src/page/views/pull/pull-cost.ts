import type { ImageView as Image } from '../../api/schema.generated.ts'

type Layer = NonNullable<Image['steps'][number]['layer']>

/** A layer of the wanted image, and whether a machine has it already. */
export interface Moved {
  readonly layer: Layer
  readonly instruction: string
  /** By its digest: what clients compare that keep layers as they came. */
  readonly kept: boolean
  /** With all layers below it: what docker's classic store compares. */
  readonly keptInChain: boolean
}

/** Which layers a machine that has some images pulls for another one; the base first. */
export function layersToPull(have: readonly Image[], want: Image): Moved[] {
  const there = have.flatMap(({ steps }) => steps.flatMap(({ layer }) => (layer === null ? [] : [layer])))
  const digests = new Set(there.map(({ digest }) => digest))
  const chains = new Set(there.map(({ chainId }) => chainId).filter((chain) => chain !== null))
  return want.steps.flatMap(({ layer, instruction }) =>
    layer === null
      ? []
      : [
          {
            layer,
            instruction,
            kept: digests.has(layer.digest),
            keptInChain: layer.chainId !== null && chains.has(layer.chainId),
          },
        ],
  )
}

/** Compressed bytes of some of the layers; content that an image has twice moves once. */
export function bytesWhere(layers: readonly Moved[], which: (layer: Moved) => boolean): number {
  const chosen = new Map(layers.filter(which).map(({ layer }) => [layer.digest, layer.size]))
  return [...chosen.values()].reduce((sum, size) => sum + size, 0)
}
