import { createHash } from 'node:crypto'
import { type BlobLocation, blobLocation } from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { type SnapshotsRecord, snapshotsCodec } from '../../records/cursor.ts'
import { keys } from '../../records/keys.ts'
import type { Job, JobParts } from '../job.ts'
import { compressRecords, contentOf } from './record-file.ts'
import { snapshotUpload } from './snapshot-name.ts'

const NAME = 'snapshot-records'
const KEPT = 7
const MINUTE = 60_000

/**
 * Puts a compressed snapshot of the records into the blob store now and then: who loses the database and keeps the
 * bytes has both. `every` in milliseconds; 0: never.
 */
export function snapshotJob(every: number): Job {
  return {
    name: NAME,
    everyMs: Math.max(1, Math.min(every, 10 * MINUTE)),
    isDue: async (parts) => {
      const last = (await readSnapshots(parts.metadata)).kept.at(-1)
      return every > 0 && (last === undefined || last.taken + every <= parts.now())
    },
    run: (parts) => takeSnapshot(parts),
  }
}

/** The snapshots that are in the blob store. */
export async function readSnapshots(metadata: MetadataStore): Promise<SnapshotsRecord> {
  const [stored] = await metadata.read([keys.cursor(NAME)])
  return stored === undefined ? { kept: [] } : snapshotsCodec.decode(stored.value)
}

/** The uploads that snapshots came by, or are coming by: no record of a blob names their bytes. */
export async function snapshotUploads(metadata: MetadataStore): Promise<ReadonlySet<string>> {
  const { pending, kept } = await readSnapshots(metadata)
  return new Set([...kept.map(({ upload }) => upload), ...(pending === undefined ? [] : [pending])])
}

async function takeSnapshot(parts: JobParts): Promise<void> {
  const { kept } = await readSnapshots(parts.metadata)
  const taken = parts.now()
  const upload = snapshotUpload(taken)
  // Before its first byte, so that no sweep takes it for a leftover.
  await writeSnapshots(parts.metadata, { pending: upload, kept })
  const all = [...kept, { upload, taken, ...(await store(parts, upload)) }]
  await writeSnapshots(parts.metadata, { kept: all.slice(-KEPT) })
  for (const old of all.slice(0, -KEPT))
    await parts.attempt(`snapshot at ${old.location}`, () => parts.blobs.remove(blobLocation(old.location)))
  parts.progress(1)
}

function writeSnapshots(metadata: MetadataStore, record: SnapshotsRecord): Promise<void> {
  const sets = [{ key: keys.cursor(NAME), value: snapshotsCodec.encode(record) }]
  return metadata.commit({ checks: [], sets, deletes: [] })
}

async function store(
  { metadata, blobs }: JobParts,
  upload: string,
): Promise<{ readonly location: BlobLocation; readonly digest: Digest }> {
  const snapshot = await metadata.snapshot()
  try {
    const state = await blobs.create(upload)
    const writer = await blobs.append(state, 0)
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of compressRecords(contentOf(snapshot))) {
      if (!Buffer.isBuffer(chunk)) continue
      hash.update(chunk)
      size += chunk.length
      await writer.write(chunk)
    }
    const digest = digestFromBytes('sha256', hash.digest())
    return { location: await blobs.complete(await writer.close(), size, digest), digest }
  } finally {
    await snapshot.close()
  }
}
