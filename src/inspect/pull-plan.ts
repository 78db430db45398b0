import type { Descriptor } from '../oci/descriptor.ts'
import type { Image } from './image.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { layerSteps } from './steps.ts'
import { walkImage } from './walk-image.ts'

export interface PlannedLayer {
  readonly descriptor: Descriptor
  /** Whether a client that keeps layers by digest has it. */
  readonly kept: boolean
  /** Whether a client has it that keeps layers by all that is below them, as docker's own store does. */
  readonly keptInChain: boolean
}

export interface Moved {
  readonly bytes: number
  readonly count: number
}

export interface PullPlan {
  readonly layers: readonly PlannedLayer[]
  /** Compressed bytes of layers that move, for clients that keep them by digest (containerd, podman). */
  readonly layer: Moved
  /** The same for docker's own store: a layer is at home only on the same layers below. */
  readonly chain: Moved
  /** Configuration and manifest, which move unless they are there. */
  readonly config: number
}

/** F15: what a machine that has some images must fetch to get another one. */
export function planPull(have: readonly Image[], want: Image): PullPlan {
  const digests = new Set(have.flatMap(({ manifest }) => manifest.layers.map(({ text }) => text)))
  const chains = new Set(
    have.flatMap((image) => layerSteps(image.config, image.manifest.layers).map(({ chainId }) => chainId)),
  )
  const configs = new Set(have.map(({ manifest }) => manifest.config?.text))
  const layers = layerSteps(want.config, want.manifest.layers).map(({ descriptor, chainId }) => ({
    descriptor,
    kept: digests.has(descriptor.text),
    keptInChain: chainId !== undefined && chains.has(chainId),
  }))
  const { config } = want.manifest
  return {
    layers,
    layer: sumOf(layers.filter(({ kept }) => !kept)),
    chain: sumOf(layers.filter(({ keptInChain }) => !keptInChain)),
    config: config === undefined || configs.has(config.text) ? 0 : config.size,
  }
}

/** A layer that an image has twice moves once. */
function sumOf(layers: readonly PlannedLayer[]): Moved {
  const sizes = new Map(layers.map(({ descriptor }) => [descriptor.text, descriptor.size]))
  return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), count: sizes.size }
}

/** Contents that are compared at most. */
const CONTENT_LIMIT = 400_000

/** The least that has to move: contents of files that are in none of the images; unpacked bytes. Undefined: too many. */
export async function filesToMove(
  have: readonly (readonly (IndexReader | undefined)[])[],
  want: readonly (IndexReader | undefined)[],
): Promise<Moved | undefined> {
  const known = new Set<string>()
  for (const layers of have)
    for await (const { versions } of walkImage(layers)) {
      for (const { entry } of versions)
        if (entry.sha256 !== undefined) known.add(entry.sha256.toString('latin1'))
      if (known.size > CONTENT_LIMIT) return undefined
    }
  let [bytes, count] = [0, 0]
  for await (const { entry } of walkImage(want)) {
    const content = entry?.sha256?.toString('latin1')
    if (entry === undefined || content === undefined || known.has(content)) continue
    known.add(content)
    bytes += entry.stored
    count += 1
    if (known.size > CONTENT_LIMIT) return undefined
  }
  return { bytes, count }
}
