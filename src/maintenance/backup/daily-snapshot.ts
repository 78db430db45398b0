import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  type BlobLocation,
  blobLocation,
  type UploadState,
  type UploadWriter,
} from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { transact } from '../../../storage/metadata/transact.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { type SnapshotsRecord, snapshotsCodec } from '../../records/cursor.ts'
import { keys } from '../../records/keys.ts'
import { isOver } from '../is-over.ts'
import type { Job, JobParts } from '../job.ts'
import { compressRecords, contentOf, type FiledRecord } from './record-file.ts'
import { snapshotTime, snapshotUpload } from './snapshot-name.ts'

/** Of the job, and of the record that lists what it has stored. */
export const SNAPSHOTS = 'snapshot-records'
const KEPT = 7
/** The longest time between two looks whether one is due. */
const LOOK_MS = 600_000

/**
 * Puts a compressed snapshot of the records into the blob store now and then: who loses the database and keeps the
 * bytes has both. `every` in milliseconds; 0: never.
 */
export function snapshotJob(every: number): Job {
  return {
    name: SNAPSHOTS,
    everyMs: every > 0 ? Math.min(every, LOOK_MS) : LOOK_MS,
    isDue: async (parts) => {
      const last = (await readSnapshots(parts.metadata)).kept.at(-1)
      return every > 0 && (last === undefined || isOver(last.taken, every, parts.now()))
    },
    run: (parts, signal) => takeSnapshot(parts, signal),
  }
}

/** The snapshots that are in the blob store. */
export async function readSnapshots(metadata: MetadataStore): Promise<SnapshotsRecord> {
  const [stored] = await metadata.read([keys.cursor(SNAPSHOTS)])
  return stored === undefined ? { kept: [] } : snapshotsCodec.decode(stored.value)
}

/** The uploads that snapshots came by, or are coming by: no record of a blob names their bytes. */
export async function snapshotUploads(metadata: MetadataStore): Promise<ReadonlySet<string>> {
  const { pending, kept } = await readSnapshots(metadata)
  return new Set([...kept.map(({ upload }) => upload), ...(pending === undefined ? [] : [pending])])
}

async function takeSnapshot(parts: JobParts, signal: AbortSignal): Promise<void> {
  const { pending: before, state: cut, kept: older } = await readSnapshots(parts.metadata)
  // An S3 keeps the parts of an upload for ever, and shows them to nobody who does not know of it.
  if (cut !== undefined) await parts.blobs.abort(cut)
  const taken = parts.now()
  const upload = snapshotUpload(after(taken, [...older.map((one) => one.upload), before ?? '']))
  const state = await parts.blobs.create(upload)
  // Before its first byte, so that no sweep takes it for a leftover.
  await change(parts.metadata, before, (kept) => ({ pending: upload, state, kept }))
  const stored = await store(parts, state, signal)
  if (stored === undefined) return
  let gone: SnapshotsRecord['kept'] = []
  await change(parts.metadata, upload, (kept) => {
    const all = [...kept, { upload, taken, ...stored }]
    gone = all.slice(0, -KEPT)
    return { kept: all.slice(-KEPT) }
  })
  for (const old of gone)
    await parts.attempt(`snapshot at ${old.location}`, () => parts.blobs.remove(blobLocation(old.location)))
  parts.progress(1)
}

/** `taken`, or a time behind all that these uploads say. */
function after(taken: number, uploads: readonly string[]): number {
  return Math.max(taken, ...uploads.map((upload) => (snapshotTime(upload) ?? 0) + 1))
}

/**
 * Only while `pending` is still what is being taken: a process that was paused for longer than its lease would bring back
 * the list from before, with bytes that a sweep has taken, and without what the next process has stored.
 */
async function change(
  metadata: MetadataStore,
  pending: string | undefined,
  decide: (kept: SnapshotsRecord['kept']) => SnapshotsRecord,
): Promise<void> {
  await transact(metadata, async (transaction) => {
    const found = await transaction.getChecked(snapshotsCodec, keys.cursor(SNAPSHOTS))
    const now = found?.value ?? { kept: [] }
    if (now.pending !== pending) throw new Error('another process takes the snapshot of the records')
    transaction.set(snapshotsCodec, keys.cursor(SNAPSHOTS), decide(now.kept))
  })
}

/** Undefined: `signal` broke it off, and nothing of it is left. */
async function store(
  parts: JobParts,
  state: UploadState,
  signal: AbortSignal,
): Promise<{ readonly location: BlobLocation; readonly digest: Digest } | undefined> {
  const { metadata, blobs } = parts
  const snapshot = await metadata.snapshot()
  try {
    const writer = await blobs.append(state, 0)
    const records = unhurried(contentOf(snapshot), parts, signal)
    const filled = await fill(writer, compressRecords(records)).catch(async (error: unknown) => {
      await blobs.abort(await writer.close())
      if (signal.aborted) return undefined
      throw error
    })
    if (filled === undefined) return undefined
    const { size, digest } = filled
    return { location: await blobs.complete(await writer.close(), size, digest), digest }
  } finally {
    await snapshot.close()
  }
}

async function fill(
  writer: UploadWriter,
  chunks: Readable,
): Promise<{ readonly size: number; readonly digest: Digest }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunks) {
    if (!Buffer.isBuffer(chunk)) continue
    hash.update(chunk)
    size += chunk.length
    await writer.write(chunk)
  }
  return { size, digest: digestFromBytes('sha256', hash.digest()) }
}

/** Records as requests leave time for them: of a large registry they take minutes. Throws what `signal` was aborted with. */
async function* unhurried(
  records: AsyncIterable<FiledRecord>,
  { rest }: Pick<JobParts, 'rest'>,
  signal: AbortSignal,
): AsyncGenerator<FiledRecord> {
  for await (const record of records) {
    signal.throwIfAborted()
    yield record
    await rest()
  }
}
