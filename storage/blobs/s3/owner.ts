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

/** Nothing says whose blobs these are, and who would claim them knows none: a sweep would take them all. */
export class UnownedBlobs extends StoreUnavailable {
  constructor() {
    super("the bucket's prefix holds blobs, and nothing says of which registry")
  }
}

/** Longer texts than this driver writes are someone else's object. */
const LONGEST = 1000

/** What a registry may claim beside a prefix that is empty. */
export interface ClaimOptions {
  /** One with blobs of which nobody says whose they are. */
  readonly mayHoldBlobs: boolean
  /** One of another registry, which loses it: its records are lost, and restored for this one. */
  readonly takeOver?: boolean
}

/**
 * Claims a prefix that nobody owns, and others as the options say. Throws ForeignPrefix when somebody else owns it,
 * UnownedBlobs.
 */
export async function claimPrefix(
  bucket: Bucket,
  cluster: string,
  { mayHoldBlobs, takeOver = false }: ClaimOptions,
): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner === undefined && !mayHoldBlobs && (await holdsBlobs(bucket))) throw new UnownedBlobs()
  if (owner === undefined || (takeOver && owner !== cluster)) {
    const text = Buffer.from(`${JSON.stringify({ cluster, since: new Date().toISOString() })}\n`)
    await bucket.put(OWNER, { length: text.length, open: () => [text] })
  }
  // Read again after writing: of two that begin at once, one sees the other's.
  await checkOwner(bucket, cluster)
}

/** Throws ForeignPrefix unless the prefix belongs to this registry. */
export async function checkOwner(bucket: Bucket, cluster: string): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner !== cluster) throw new ForeignPrefix(owner ?? 'nobody')
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
