import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Image } from './image.ts'
import { loadImage } from './image.ts'
import type { KnownLayer } from './image-layers.ts'
import type { InspectParts, MayRead } from './parts.ts'
import { layerSteps } from './steps.ts'
import { type LayerUser, layerUsers } from './usage.ts'

/** An image that another one was built on, or that was built on it. */
export interface Relative extends LayerUser {
  /** Layers that both have, from the base on. */
  readonly shared: number
}

export interface Lineage {
  readonly bases: readonly Relative[]
  readonly derived: readonly Relative[]
  /** Not all images that share layers were looked at. */
  readonly partial: boolean
}

const CANDIDATES = 200

/**
 * F14: images whose whole chain of layers is the begin of this one's, longest first, and those whose begin is this one's
 * whole chain. Only tagged images count as bases.
 */
export async function lineageOf(
  parts: Pick<InspectParts, 'metadata' | 'source'>,
  image: Image,
  { layers, mayRead }: { readonly layers: readonly KnownLayer[]; readonly mayRead: MayRead },
): Promise<Lineage> {
  const chain = chainOf(image)
  const [bottom, top] = [layers[0]?.sha256, layers.at(-1)?.sha256]
  if (bottom === undefined || top === undefined || chain.length === 0)
    return { bases: [], derived: [], partial: false }
  const below = await layerUsers(parts.metadata, bottom, { mayRead, limit: CANDIDATES })
  const above = await layerUsers(parts.metadata, top, { mayRead, limit: CANDIDATES })
  const seen = new Map<string, LayerUser>()
  for (const user of [...below.users, ...above.users]) seen.set(`${user.repository}@${user.digest}`, user)
  const found: Relation[] = []
  for (const user of seen.values())
    if (user.digest !== image.digest) found.push(relate(user, chain, await chainOfUser(parts, user)))
  const of = (kind: Relation['kind']) => found.flatMap((one) => (one.kind === kind ? one.relative : []))
  return {
    bases: of('base').sort((a, b) => b.shared - a.shared),
    derived: of('derived').sort((a, b) => b.pushed - a.pushed),
    partial: below.more || above.more,
  }
}

type Relation =
  | { readonly kind: 'base' | 'derived'; readonly relative: Relative }
  | { readonly kind: 'none'; readonly relative: readonly [] }

/** What another image is to one whose chain of layers is `chain`. */
function relate(user: LayerUser, chain: readonly Digest[], other: readonly Digest[]): Relation {
  const shared = Math.min(chain.length, other.length)
  if (shared === 0 || chain.length === other.length || chain[shared - 1] !== other[shared - 1])
    return { kind: 'none', relative: [] }
  if (other.length > chain.length) return { kind: 'derived', relative: { ...user, shared } }
  return user.tags.length > 0
    ? { kind: 'base', relative: { ...user, shared } }
    : { kind: 'none', relative: [] }
}

/** Without what is not known to be the same: a chain with a gap is none. */
function chainOf({ config, manifest }: Image): readonly Digest[] {
  const chain = layerSteps(config, manifest.layers).map(({ chainId }) => chainId)
  return chain.every((id) => id !== undefined) ? chain : []
}

async function chainOfUser(
  { source }: Pick<InspectParts, 'source'>,
  user: LayerUser,
): Promise<readonly Digest[]> {
  try {
    const reference = { kind: 'digest', digest: user.digest } as const
    return chainOf(await loadImage(source, { name: user.repository, reference }))
  } catch (error) {
    // It was deleted since it was listed, or is no image.
    if (error instanceof RegistryError && error.status < 500) return []
    throw error
  }
}
