import { blobLocation, type ListedBlob } from '../../storage/blobs/blob-store.ts'
import type { Entry } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { type BlobRecord, blobCodec, linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import type { FsckParts } from './fsck-parts.ts'
import { recordsOf } from './records-of.ts'
import { eachOf, foundOf } from './side-by-side.ts'
import { batchesOf, unmentioned } from './sweep.ts'

/** So many missing blobs, and this part of all, are taken for a store that is not there rather than for losses. */
const FEW = 10
const PART = 0.1
/** Locations that are looked at at the same time. */
const AT_ONCE = 16
/** Records that are read at the same time. */
const RECORDS_AT_ONCE = 100

/** A blob whose bytes must be looked for: its record leads nowhere, or it has none. */
interface Wanted {
  readonly sha256: Digest
  readonly record: BlobRecord | undefined
  readonly why: string
}

/**
 * Compares records with bytes, both ways. With `repair`, a blob whose bytes lie elsewhere in the store is led to them
 * once their digest is proven, any other is quarantined, and bytes that nobody mentions are swept.
 * Rejects, before anything is changed, when the store is not there, a listing breaks, or too much is missing and `force` is not given.
 */
export async function checkBytes(parts: FsckParts): Promise<void> {
  await parts.blobs.check()
  const wanted = new Map<Digest, Wanted>()
  const blobs = await findMissing(parts, wanted)
  await findUnrecorded(parts, wanted)
  const { elsewhere, unmentioned: orphans } = await searchStore(parts, wanted)
  const lost = [...wanted.values()].filter(({ sha256 }) => !elsewhere.has(sha256)).length
  if (parts.repair && !parts.force && lost > FEW && lost > blobs * PART)
    throw new Error(
      `the bytes of ${lost} of ${blobs} blobs are missing: is the whole store there? Nothing was repaired; with --force they are quarantined`,
    )
  for (const blob of wanted.values()) await settle(parts, blob, elsewhere.get(blob.sha256) ?? [])
  if (orphans === 0) return
  const what = `${orphans} locations`
  parts.report({ problem: 'bytes that no record mentions', what }, parts.repair)
  if (parts.repair) await parts.sweep()
}

/** Blobs whose bytes are not where their record says; gives the number of all blobs. */
async function findMissing(parts: FsckParts, wanted: Map<Digest, Wanted>): Promise<number> {
  let count = 0
  const blobs = recordsOf(parts.metadata, 'blob')
  for await (const [{ key }, { record, why }] of foundOf(blobs, AT_ONCE, (entry) => lookAt(parts, entry))) {
    parts.signal.throwIfAborted()
    await parts.looked('blobs')
    count += 1
    const sha256 = new TupleReader(key).digest()
    if (why !== undefined) wanted.set(sha256, { sha256, record, why })
  }
  return count
}

async function lookAt(
  parts: FsckParts,
  { value }: Entry,
): Promise<{ record: BlobRecord; why: string | undefined }> {
  const record = blobCodec.decode(value)
  return { record, why: record.quarantined === undefined ? await whatIsWrong(parts, record) : undefined }
}

async function whatIsWrong(parts: FsckParts, record: BlobRecord): Promise<string | undefined> {
  const size = await parts.blobs.size(blobLocation(record.location))
  if (size === record.size) return undefined
  return size === undefined
    ? `nothing is at ${record.location}`
    : `${size} bytes are at ${record.location} instead of ${record.size}`
}

/** Content that a repository holds and that has no record. */
async function findUnrecorded(parts: FsckParts, wanted: Map<Digest, Wanted>): Promise<void> {
  const links = recordsOf(parts.metadata, 'link')
  const contentOf = ({ value }: Entry) => linkCodec.decode(value).sha256
  const find = (link: Entry) => parts.metadata.read([keys.blob(contentOf(link))])
  for await (const [link, [blob]] of foundOf(links, RECORDS_AT_ONCE, find)) {
    parts.signal.throwIfAborted()
    const sha256 = contentOf(link)
    if (blob === undefined) wanted.set(sha256, { sha256, record: undefined, why: 'the blob has no record' })
  }
}

interface Found {
  readonly elsewhere: ReadonlyMap<Digest, readonly ListedBlob[]>
  readonly unmentioned: number
}

/** One walk through the whole store. */
async function searchStore(parts: FsckParts, wanted: ReadonlyMap<Digest, Wanted>): Promise<Found> {
  const elsewhere = new Map<Digest, ListedBlob[]>()
  let count = 0
  for await (const batch of batchesOf(parts.blobs.list(), parts.signal)) {
    for (const listed of batch) {
      await parts.looked('locations')
      if (wanted.has(listed.digest))
        elsewhere.set(listed.digest, [...(elsewhere.get(listed.digest) ?? []), listed])
    }
    const others = batch.filter(({ digest }) => !wanted.has(digest))
    count += await countUnmentioned(parts, others)
  }
  parts.signal.throwIfAborted()
  return { elsewhere, unmentioned: count }
}

/** By the rule of the sweep. What has left the store since it was listed is not there: its last record went after it. */
async function countUnmentioned(
  { metadata, blobs, keptUploads }: FsckParts,
  listed: readonly ListedBlob[],
): Promise<number> {
  let count = 0
  await eachOf(await unmentioned(metadata, listed, await keptUploads()), AT_ONCE, async ({ location }) => {
    if ((await blobs.size(location)) !== undefined) count += 1
  })
  return count
}

async function settle(parts: FsckParts, blob: Wanted, places: readonly ListedBlob[]): Promise<void> {
  const problem = {
    problem: 'a blob’s bytes are not where they should be',
    what: `${blob.sha256}: ${blob.why}`,
  }
  if (!parts.repair) return parts.report(problem, false)
  for (const place of places)
    if (await parts.proves(place.location, blob.sha256))
      return parts.report(problem, await lead(parts, blob, place))
  const { record, sha256, why } = blob
  const isQuarantined =
    record !== undefined && (await parts.quarantine({ sha256, location: record.location, why }))
  parts.report(problem, isQuarantined)
}

/** Leads the record to proven bytes, or makes one; ends its quarantine. False: it leads elsewhere since it was read. */
function lead({ metadata, now }: FsckParts, blob: Wanted, place: ListedBlob): Promise<boolean> {
  return transact(metadata, async (transaction) => {
    const current = await transaction.getChecked(blobCodec, keys.blob(blob.sha256))
    if (current?.value.location !== blob.record?.location) return false
    const at = now()
    const { location, size } = place
    const { quarantined, ...before } = current?.value ?? { created: at, quarantined: undefined }
    transaction.set(blobCodec, keys.blob(blob.sha256), { ...before, location, size, verified: at })
    if (quarantined !== undefined) transaction.delete(keys.damaged(blob.sha256))
    return true
  })
}
