import { randomUUID } from 'node:crypto'
import { NoSpace, StoreUnavailable } from '../../store-errors.ts'
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

/**
 * Who wrote to the prefix last knows records of the same registry, and none of these: each would sweep away what the other
 * one was given.
 */
export class CopiedRecords extends StoreUnavailable {
  constructor() {
    super(
      `another process uses the bucket's prefix with a copy of these records, and what that one was given these do not know: stop one of them; if these are the right ones, remove ${OWNER} from the prefix and start again`,
    )
  }
}

/** The starts that the records went through: copies of them elsewhere go through others. */
export interface Starts {
  knows(start: string): Promise<boolean>
  add(start: string): Promise<void>
}

/** A registry, as a prefix knows it. */
export interface Registry {
  readonly cluster: string
  readonly starts: Starts
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
 * Claims a prefix that nobody owns, and others as the options say; each start does. Throws ForeignPrefix or CopiedRecords
 * when somebody else has it, UnownedBlobs, NoBlobsHere.
 */
export async function claimPrefix(
  bucket: Bucket,
  registry: Registry,
  { blobs, takeOver = false }: ClaimOptions,
): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner === undefined && blobs !== 'any') await requireBlobs(bucket, registry.cluster, blobs)
  if (owner !== undefined && !takeOver) await requireOwn(owner, registry)
  try {
    await writeOwner(bucket, registry)
  } catch (error) {
    // A bucket that is full gives what it has; the start before is as well known.
    if (owner?.cluster !== registry.cluster || !(error instanceof NoSpace)) throw error
  }
  // Read again after writing: of two that begin at once, one sees the other's.
  await checkOwner(bucket, registry)
}

/** Makes this the last start. The records first: of one that they do not know they would be the copy. */
export async function writeOwner(bucket: Bucket, { cluster, starts }: Registry): Promise<void> {
  const start = randomUUID()
  await starts.add(start)
  const text = Buffer.from(`${JSON.stringify({ cluster, since: new Date().toISOString(), start })}\n`)
  await bucket.put(OWNER, { length: text.length, open: () => [text] })
}

async function requireBlobs(bucket: Bucket, cluster: string, blobs: 'none' | 'some'): Promise<void> {
  const found = await holdsBlobs(bucket)
  if (found && blobs === 'none') throw new UnownedBlobs()
  if (!found && blobs === 'some') throw new NoBlobsHere(cluster)
}

/** Throws ForeignPrefix, CopiedRecords or OwnerGone unless the prefix is the registry's, and was used with these records. */
export async function checkOwner(bucket: Bucket, registry: Registry): Promise<void> {
  const owner = await readOwner(bucket)
  if (owner === undefined) throw new OwnerGone()
  await requireOwn(owner, registry)
}

async function requireOwn(owner: Owner, { cluster, starts }: Registry): Promise<void> {
  if (owner.cluster !== cluster) throw new ForeignPrefix(owner.cluster)
  if (owner.start !== undefined && !(await starts.knows(owner.start))) throw new CopiedRecords()
}

async function holdsBlobs(bucket: Bucket): Promise<boolean> {
  for (const parent of LOCATION_PARENTS)
    for await (const { key } of bucket.list(parent)) if (parseLocation(key) !== undefined) return true
  return false
}

/** What the object says; programs before wrote no start. */
interface Owner {
  readonly cluster: string
  readonly start: string | undefined
}

const UNKNOWN: Owner = { cluster: 'unknown', start: undefined }

async function readOwner(bucket: Bucket): Promise<Owner | undefined> {
  const reader = await openReader(bucket, OWNER)
  if (reader === undefined) return undefined
  if (reader.size > LONGEST) {
    await reader.close()
    return UNKNOWN
  }
  const pieces: Uint8Array[] = []
  await reader.pump((chunk) => {
    pieces.push(Uint8Array.from(chunk))
  })
  return ownerIn(Buffer.concat(pieces).toString())
}

function ownerIn(text: string): Owner {
  try {
    const value: unknown = JSON.parse(text)
    if (
      typeof value === 'object' &&
      value !== null &&
      'cluster' in value &&
      typeof value.cluster === 'string'
    ) {
      const start = 'start' in value && typeof value.start === 'string' ? value.start : undefined
      return { cluster: value.cluster, start }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return UNKNOWN
}
