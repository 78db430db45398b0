import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { BlobLocation, BlobStore, ListedBlob } from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { type BlobRecord, blobCodec, damagedCodec } from '../../records/blob.ts'
import { keys, kindOf } from '../../records/keys.ts'
import { keyMoves } from '../../records/moving.ts'
import { TupleReader } from '../../records/tuple.ts'
import { usedKind } from '../unused.ts'
import { blobFile, descriptionSchema, RECORDS } from './layout.ts'
import { type FiledRecord, readRecords, through } from './record-file.ts'
import { isSnapshotUpload } from './snapshot-name.ts'
import { readDescription } from './write-backup.ts'

const BATCH_RECORDS = 500
const BATCH_BYTES = 1 << 20

/** Empty stores that a registry is restored into. */
export interface RestoreParts {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
}

export interface RestoreResult {
  /** When the restored state was. */
  readonly taken: string
  readonly records: number
  readonly blobs: number
  readonly bytes: number
  /** Blobs whose bytes the backup has not, or not as they should be: quarantined until they are pushed again. */
  readonly damaged: readonly string[]
}

/** What was asked for cannot be restored; the message says why and what to do. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused'
}

/** Restores a directory that `lamina backup` wrote. Every byte is compared with its digest on the way. */
export async function restoreBackup(parts: RestoreParts, directory: string): Promise<RestoreResult> {
  await requireEmpty(parts.metadata)
  const description = descriptionSchema.safeParse(await readDescription(directory))
  if (!description.success) throw new RestoreRefused(`${directory} holds no backup that this version reads`)
  const { taken, hasBlobs, recordsSha256 } = description.data
  const counts = { records: 0, blobs: 0, bytes: 0, damaged: new Array<string>() }
  const hash = createHash('sha256')
  const compressed = createReadStream(join(directory, RECORDS)).on('data', (chunk) => hash.update(chunk))
  const writer = new RecordWriter(parts.metadata)
  for await (const record of readRecords(through(compressed, createGunzip()))) {
    if (!keyMoves(record.key)) continue
    counts.records += 1
    await writer.add(record)
    if (hasBlobs && kindOf(record.key) === 'blob')
      for (const again of await restoreBlob(parts, { record, directory, counts })) await writer.add(again)
  }
  await writer.end()
  if (hash.digest('hex') !== recordsSha256)
    throw new RestoreRefused(`${join(directory, RECORDS)} is not what ${directory} says: it is damaged`)
  return { taken, ...counts }
}

/** Restores the newest snapshot of the records that lies in the blob store, beside the bytes that it speaks of. */
export async function restoreFromStore(parts: RestoreParts): Promise<RestoreResult> {
  await requireEmpty(parts.metadata)
  const newest = await newestSnapshot(parts.blobs)
  if (newest === undefined)
    throw new RestoreRefused(
      'the blob store holds no snapshot of the records; LAMINA_BLOBS or LAMINA_DATA says which store',
    )
  const counts = { records: 0, blobs: 0, bytes: newest.size, damaged: new Array<string>() }
  const writer = new RecordWriter(parts.metadata)
  for await (const record of readRecords(await decompressed(parts.blobs, newest))) {
    if (!keyMoves(record.key)) continue
    counts.records += 1
    if (kindOf(record.key) === 'blob') counts.blobs += 1
    await writer.add(record)
  }
  await writer.end()
  return { taken: new Date(newest.taken).toISOString(), ...counts }
}

async function requireEmpty(metadata: MetadataStore): Promise<void> {
  const kind = await usedKind(metadata)
  if (kind !== undefined)
    throw new RestoreRefused(
      `there is a registry already (it has records of kind '${kind}'); restore into an empty data directory or database`,
    )
}

interface BlobWork {
  readonly record: FiledRecord
  readonly directory: string
  readonly counts: { blobs: number; bytes: number; readonly damaged: string[] }
}

/** Puts a blob's bytes into the store; gives what its records become. */
async function restoreBlob(
  parts: RestoreParts,
  { record, directory, counts }: BlobWork,
): Promise<FiledRecord[]> {
  const sha256 = new TupleReader(record.key).digest()
  const blob = blobCodec.decode(record.value)
  const location =
    blob.quarantined === undefined
      ? await storeFile(parts.blobs, join(directory, blobFile(sha256)), sha256)
      : undefined
  const at = parts.now()
  if (location === undefined) {
    counts.damaged.push(sha256)
    const why = 'the backup has not its bytes'
    const { location: old, size } = blob
    const damage = damagedCodec.encode({ location: old, size, at, why })
    return [
      { key: record.key, value: blobCodec.encode({ ...blob, quarantined: at }) },
      { key: keys.damaged(sha256), value: damage },
    ]
  }
  counts.blobs += 1
  counts.bytes += blob.size
  const restored: BlobRecord = { ...blob, location, verified: at }
  return [{ key: record.key, value: blobCodec.encode(restored) }]
}

/** Undefined when the file is not there, or is not what its name says. */
async function storeFile(blobs: BlobStore, file: string, sha256: Digest): Promise<BlobLocation | undefined> {
  const state = await blobs.create(randomUUID())
  const writer = await blobs.append(state, 0)
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      if (!Buffer.isBuffer(chunk)) continue
      hash.update(chunk)
      size += chunk.length
      await writer.write(chunk)
    }
  } catch (error) {
    await blobs.abort(await writer.close())
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const after = await writer.close()
  if (digestFromBytes('sha256', hash.digest()) === sha256) return blobs.complete(after, size, sha256)
  await blobs.abort(after)
  return undefined
}

async function newestSnapshot(blobs: BlobStore): Promise<(ListedBlob & { taken: number }) | undefined> {
  let newest: (ListedBlob & { taken: number }) | undefined
  for await (const blob of blobs.list()) {
    const taken = isSnapshotUpload(blob.upload)
    if (taken !== undefined && (newest === undefined || taken > newest.taken)) newest = { ...blob, taken }
  }
  return newest
}

/** Proven first: a damaged snapshot must not leave half a registry. */
async function decompressed(blobs: BlobStore, snapshot: ListedBlob): Promise<AsyncIterable<Uint8Array>> {
  const hash = createHash('sha256')
  await pumpAll(blobs, snapshot, (chunk) => void hash.update(chunk))
  if (digestFromBytes('sha256', hash.digest()) !== snapshot.digest)
    throw new RestoreRefused(
      `the snapshot at ${snapshot.location} is damaged; remove it to use the one before`,
    )
  const gunzip = createGunzip()
  const feed = async (): Promise<void> => {
    await pumpAll(blobs, snapshot, (chunk) => written(gunzip, Buffer.from(chunk)))
    gunzip.end()
  }
  feed().catch((error: unknown) => gunzip.destroy(error instanceof Error ? error : new Error(String(error))))
  return gunzip
}

async function pumpAll(
  blobs: BlobStore,
  { location }: ListedBlob,
  sink: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const reader = await blobs.read(location)
  if (reader === undefined) throw new RestoreRefused(`the snapshot at ${location} went away`)
  await reader.pump(sink)
}

function written(stream: NodeJS.WritableStream, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()))
  })
}

/** Collects records into commits of a bearable size; a later value of a key replaces an earlier one. */
class RecordWriter {
  readonly #metadata: MetadataStore
  #sets = new Map<string, FiledRecord>()
  #bytes = 0

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  async add(record: FiledRecord): Promise<void> {
    this.#sets.set(Buffer.from(record.key).toString('latin1'), record)
    this.#bytes += record.key.length + record.value.length
    if (this.#sets.size >= BATCH_RECORDS || this.#bytes >= BATCH_BYTES) await this.end()
  }

  async end(): Promise<void> {
    if (this.#sets.size === 0) return
    await this.#metadata.commit({ checks: [], sets: [...this.#sets.values()], deletes: [] })
    this.#sets = new Map()
    this.#bytes = 0
  }
}
