import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Image } from './image.ts'
import { loadImage } from './image.ts'
import type { KnownLayer } from './image-layers.ts'
import type { InspectParts, MayRead } from './parts.ts'
import { layerSteps } from './steps.ts'
import { type LayerUser, layerUsers, type UserPlace } from './usage.ts'

/** An image that another one was built on, or that was built on it. */
export interface Relative extends LayerUser {
  /** Layers that both have, from the base on. */
  readonly shared: number
}

export interface Lineage {
  readonly bases: readonly Relative[]
  readonly derived: readonly Relative[]
  /** Where the rest of the images that share layers is looked at; undefined when all were. */
  readonly next: LineagePlace | undefined
}

/** Behind which images that have the bottom layer, and the top layer, it goes on; a side without a place is over. */
export interface LineagePlace {
  readonly below: UserPlace | undefined
  readonly above: UserPlace | undefined
}

/** Images of each side that are looked at for one answer, at most: the config of each is read. */
const CANDIDATES = 200

/**
 * F14: images whose whole chain of layers is the begin of this one's, longest first, and those whose begin is this one's
 * whole chain; those that one answer looks at. Only tagged images count as bases.
 */
export async function lineageOf(
  parts: Pick<InspectParts, 'metadata' | 'source'>,
  image: Image,
  {
    layers,
    mayRead,
    limit,
    after,
  }: {
    readonly layers: readonly KnownLayer[]
    readonly mayRead: MayRead
    readonly limit: number
    readonly after: LineagePlace | undefined
  },
): Promise<Lineage> {
  const chain = chainOf(image)
  const [bottom, top] = [layers[0]?.sha256, layers.at(-1)?.sha256]
  if (bottom === undefined || top === undefined || chain.length === 0)
    return { bases: [], derived: [], next: undefined }
  const users = (layer: Digest, from: UserPlace | undefined) =>
    after !== undefined && from === undefined
      ? { users: [], next: undefined }
      : layerUsers(parts.metadata, layer, {
          mayRead,
          limit: Math.min(limit, CANDIDATES),
          ...(from && { after: from }),
        })
  const [below, above] = [await users(bottom, after?.below), await users(top, after?.above)]
  const relatives = async (kind: Kind, of: readonly LayerUser[]): Promise<Relative[]> => {
    const found: Relative[] = []
    for (const user of of) {
      if (user.digest === image.digest || (kind === 'base' && user.tags.length === 0)) continue
      const other = await chainOfUser(parts, user)
      if (kindOf(chain, other) === kind) found.push({ ...user, shared: Math.min(chain.length, other.length) })
    }
    return found
  }
  const bases = await relatives('base', below.users)
  const derived = await relatives('derived', above.users)
  return {
    bases: bases.sort((a, b) => b.shared - a.shared),
    derived: derived.sort((a, b) => b.pushed - a.pushed),
    next: below.next || above.next ? { below: below.next, above: above.next } : undefined,
  }
}

type Kind = 'base' | 'derived'

/** What an image is, by its chain of layers, to another one. */
function kindOf(chain: readonly Digest[], other: readonly Digest[]): Kind | undefined {
  const shared = Math.min(chain.length, other.length)
  if (shared === 0 || chain.length === other.length || chain[shared - 1] !== other[shared - 1])
    return undefined
  return other.length > chain.length ? 'derived' : 'base'
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
