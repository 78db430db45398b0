import type { ListedBlob, ListedUpload } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { digestAlgorithm } from '../oci/digest.ts'
import { blobCodec } from '../records/blob.ts'
import { sweepCodec } from '../records/cursor.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'
import { SNAPSHOTS } from './backup/daily-snapshot.ts'
import { CheckedReads } from './checked-reads.ts'
import { isOver } from './is-over.ts'
import type { Job, JobParts } from './job.ts'
import { sameRegistry } from './same-registry.ts'

export const SWEEP = 'sweep'
const BATCH = 500
const PAGE = 1000
const MINUTE = 60_000

export interface SweepPorts {
  /** Uploads whose bytes are kept although no record of a blob names them. */
  readonly keptUploads: () => Promise<ReadonlySet<string>>
  readonly settings: {
    /** Milliseconds from one sweep to the next: each lists the whole store. */
    readonly sweepEvery: number
    /** An upload without a record is spared so long: its bytes come a moment before the record. */
    readonly sweepAge: number
  }
}

/** Removes bytes that no record mentions: what a crash between bytes and record, or a failed removal, has left. */
export function sweepJob(ports: SweepPorts): Job {
  const { sweepEvery } = ports.settings
  return {
    name: SWEEP,
    everyMs: Math.min(MINUTE, sweepEvery),
    isDue: async (parts) => {
      const [stored] = await parts.metadata.read([keys.cursor(SWEEP)])
      return stored === undefined || isOver(sweepCodec.decode(stored.value).finished, sweepEvery, parts.now())
    },
    run: (parts, signal) => sweep(parts, ports, signal),
  }
}

/** Makes the next run due at once. */
export function requestSweep(metadata: MetadataStore): Promise<void> {
  return metadata.commit({ checks: [], sets: [], deletes: [keys.cursor(SWEEP)] })
}

async function sweep(parts: JobParts, ports: SweepPorts, signal: AbortSignal): Promise<void> {
  const { metadata, blobs, now } = parts
  const checkRecords = sameRegistry(metadata)
  await checkRecords()
  for await (const batch of batchesOf(blobs.list(), signal)) {
    const asked = new CheckedReads(metadata)
    await asked.read([keys.cursor(SNAPSHOTS)])
    const left = await unmentioned(asked, batch, await ports.keptUploads())
    // Asked last: by then whatever was read may have been another registry’s.
    await checkRecords()
    if (left.length > 0 && !(await asked.hold(namesOf(left)))) continue
    for (const { location } of left) {
      if (signal.aborted) return
      await remove(parts, `bytes at ${location}`, () => blobs.remove(location))
    }
    await parts.pace()
  }
  for await (const batch of batchesOf(blobs.uploads(), signal)) {
    const old = batch.filter(({ modified }) => modified.getTime() + ports.settings.sweepAge <= now())
    const left = await unrecorded(metadata, old, await ports.keptUploads())
    await checkRecords()
    for (const { id, state } of left) {
      if (signal.aborted) return
      await remove(parts, `upload ${id}`, () => blobs.abort(state))
    }
    await parts.pace()
  }
  if (signal.aborted) return
  await metadata.commit({ checks: [], sets: [sweptAt(now())], deletes: [] })
}

/** The record that the store was looked through then. */
export function sweptAt(finished: number): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: keys.cursor(SWEEP), value: sweepCodec.encode({ finished }) }
}

type Records = Pick<MetadataStore, 'read' | 'range'>

/** Records that would speak of these bytes, and the list of snapshots, of which none does. */
function namesOf(left: readonly ListedBlob[]): Uint8Array[] {
  return [
    keys.cursor(SNAPSHOTS),
    ...left.flatMap(({ digest, upload }) => [keys.blob(digest), keys.upload(upload)]),
  ]
}

async function remove(parts: JobParts, item: string, work: () => Promise<void>): Promise<void> {
  const done = await parts.attempt(item, async () => {
    await work()
    return true
  })
  if (done === true) parts.progress(1)
}

/**
 * The bytes that no record names. A push names its bytes by the upload's record until the commit that names them by
 * the blob's; a blob that goes is named by the trash from the same commit on. So they are read in this order.
 */
export async function unmentioned(
  metadata: Records,
  batch: readonly ListedBlob[],
  kept: ReadonlySet<string>,
): Promise<readonly ListedBlob[]> {
  const ours = batch.filter(({ digest }) => digestAlgorithm(digest) === 'sha256')
  const withoutUpload = await unrecorded(metadata, idOfUpload(ours), kept)
  const records = await metadata.read(withoutUpload.map(({ digest }) => keys.blob(digest)))
  const unnamed = withoutUpload.filter(({ location }, index) => {
    const record = records[index]
    return record === undefined || blobCodec.decode(record.value).location !== location
  })
  if (unnamed.length === 0) return []
  const trash = await trashedLocations(metadata)
  return unnamed.filter(({ location }) => !trash.has(location))
}

function idOfUpload(blobs: readonly ListedBlob[]): (ListedBlob & { readonly id: string })[] {
  return blobs.map((blob) => ({ ...blob, id: blob.upload }))
}

/** Those whose upload has no record. */
async function unrecorded<Item extends Pick<ListedUpload, 'id'>>(
  metadata: Records,
  items: readonly Item[],
  kept: ReadonlySet<string>,
): Promise<Item[]> {
  const records = await metadata.read(items.map(({ id }) => keys.upload(id)))
  return items.filter(({ id }, index) => records[index] === undefined && !kept.has(id))
}

async function trashedLocations(metadata: Records): Promise<Set<string>> {
  const locations = new Set<string>()
  for await (const page of pagesOf(metadata, { prefix: keys.allTrash(), limit: PAGE }))
    for (const { key } of page) {
      const reader = new TupleReader(key)
      reader.uint64()
      locations.add(reader.text())
    }
  return locations
}

/** A listing in pieces, until it ends or `signal` is aborted. */
export async function* batchesOf<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    if (signal.aborted) return
    batch.push(item)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0 && !signal.aborted) yield batch
}
