import { StoreUnavailable } from '../../store-errors.ts'
import type { Bucket } from './bucket.ts'
import { LOCATION_PARENTS, OWNER, parseLocation } from './layout.ts'
import { openReader } from './object-reader.ts'

/** The prefix belongs to another registry: whatever this one did there would destroy that one's blobs. */
export class ForeignPrefix extends StoreUnavailable {
  readonly owner: string

  constructor(owner: string) {
    super(`the bucket's prefix belongs to the registry ${owner}`)
    this.owner = owner
  }
}

/** What said whose the prefix is has gone while the registry ran, and the blobs may have, too. */
export class OwnerGone extends StoreUnavailable {
  constructor() {
    super(
      `the bucket's prefix has no ${OWNER} any more: was the bucket emptied or made anew, or does a lifecycle rule remove what is old? A start writes it again where there are blobs`,
    )
  }
}

/** Nothing says whose blobs these are, and who would claim them knows none: a sweep would take them all. */
export class UnownedBlobs extends StoreUnavailable {
  constructor() {
    super("the bucket's prefix holds blobs, and nothing says of which registry")
  }
}

/** The records speak of blobs, and the prefix has none: it is another place than theirs, or they are lost. */
export class NoBlobsHere extends StoreUnavailable {
  /** What `owner.json` would say, were this the place. */
  readonly owner: string

  constructor(cluster: string) {
    super("the records speak of blobs, and the bucket's prefix has none")
    this.owner = JSON.stringify({ cluster })
  }
}

/** Longer texts than this driver writes are someone else's object. */
const LONGEST = 1000

/** What a registry may claim of the prefixes of which nobody says whose they are. */
export interface ClaimOptions {
  /** `none`: blobs there would be others'. `some`: the records speak of blobs, so an empty prefix is not theirs. */
  readonly blobs: 'none' | 'some' | 'any'
  /** One of another registry, which loses it: its records are lost, and restored for this one. */
  readonly takeOver?: boolean
}

/**
 * Claims a prefix that nobody owns, and others as the options say. Throws ForeignPrefix when somebody else owns it,
 * UnownedBlobs, NoBlobsHere.
 */
export async function claimPrefix(
  bucket: Bucket,
  cluster: string,
  { blobs, takeOver = false }: ClaimOptions,
): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner === undefined && blobs !== 'any') await requireBlobs(bucket, cluster, blobs)
  if (owner === undefined || (takeOver && owner !== cluster)) {
    const text = Buffer.from(`${JSON.stringify({ cluster, since: new Date().toISOString() })}\n`)
    await bucket.put(OWNER, { length: text.length, open: () => [text] })
  }
  // Read again after writing: of two that begin at once, one sees the other's.
  await checkOwner(bucket, cluster)
}

async function requireBlobs(bucket: Bucket, cluster: string, blobs: 'none' | 'some'): Promise<void> {
  const found = await holdsBlobs(bucket)
  if (found && blobs === 'none') throw new UnownedBlobs()
  if (!found && blobs === 'some') throw new NoBlobsHere(cluster)
}

/** Throws ForeignPrefix or OwnerGone unless the prefix belongs to this registry. */
export async function checkOwner(bucket: Bucket, cluster: string): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner === undefined) throw new OwnerGone()
  if (owner !== cluster) throw new ForeignPrefix(owner)
}

async function holdsBlobs(bucket: Bucket): Promise<boolean> {
  for (const parent of LOCATION_PARENTS)
    for await (const { key } of bucket.list(parent)) if (parseLocation(key) !== undefined) return true
  return false
}

async function readOwner(bucket: Bucket): Promise<string | undefined> {
  const reader = await openReader(bucket, OWNER)
  if (reader === undefined) return undefined
  if (reader.size > LONGEST) {
    await reader.close()
    return 'unknown'
  }
  const pieces: Uint8Array[] = []
  await reader.pump((chunk) => {
    pieces.push(Uint8Array.from(chunk))
  })
  return clusterIn(Buffer.concat(pieces).toString())
}

function clusterIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (
      typeof value === 'object' &&
      value !== null &&
      'cluster' in value &&
      typeof value.cluster === 'string'
    )
      return value.cluster
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return 'unknown'
}
