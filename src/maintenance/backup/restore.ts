import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import {
  type BlobLocation,
  type BlobStore,
  blobLocation,
  type ListedBlob,
} from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { type BlobRecord, blobCodec, damagedCodec } from '../../records/blob.ts'
import { keys, kindOf } from '../../records/keys.ts'
import { keyMoves } from '../../records/moving.ts'
import { TupleReader } from '../../records/tuple.ts'
import { systemCode } from '../../system-code.ts'
import { Filling } from './filling.ts'
import { type BackupDescription, blobFile, DESCRIPTION, descriptionSchema, RECORDS } from './layout.ts'
import { type FiledRecord, readRecords, through } from './record-file.ts'
import { RestoreRefused } from './restore-refused.ts'
import { snapshotTime } from './snapshot-name.ts'

/** So many blobs are looked for before a bucket is taken for that of the records. */
const SAMPLE = 20

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

/** Restores a directory that `lamina backup` wrote. Every byte is compared with its digest on the way. */
export async function restoreBackup(parts: RestoreParts, directory: string): Promise<RestoreResult> {
  const { taken, hasBlobs, recordsSha256 } = await describeBackup(directory)
  const filling = await Filling.begin(parts.metadata)
  const counts = { records: 0, blobs: 0, bytes: 0, damaged: new Array<string>() }
  const hash = createHash('sha256')
  const compressed = createReadStream(join(directory, RECORDS)).on('data', (chunk) => hash.update(chunk))
  const sample = new Sample(parts.blobs)
  for await (const record of readRecords(through(compressed, createGunzip()))) {
    if (!keyMoves(record.key)) continue
    counts.records += 1
    await filling.add(record)
    if (kindOf(record.key) !== 'blob') continue
    if (hasBlobs)
      for (const again of await restoreBlob(parts, { record, directory, counts })) await filling.add(again)
    else sample.add(record)
  }
  if (hash.digest('hex') !== recordsSha256)
    throw new RestoreRefused(`${join(directory, RECORDS)} is not what ${directory} says: it is damaged`)
  await sample.require()
  await filling.end()
  return { taken, ...counts, blobs: counts.blobs + sample.blobs }
}

/** What a directory says of the backup in it. Throws RestoreRefused when it is none. */
export async function describeBackup(directory: string): Promise<BackupDescription> {
  try {
    return descriptionSchema.parse(JSON.parse(await readFile(join(directory, DESCRIPTION), 'utf8')))
  } catch (cause) {
    throw new RestoreRefused(
      `${directory} holds no backup that this version reads: its ${DESCRIPTION} is missing, damaged or not yours to read; name a directory that \`lamina backup\` has written to its end`,
      { cause },
    )
  }
}

/** Restores the newest snapshot of the records that lies in the blob store, beside the bytes that it speaks of. */
export async function restoreFromStore(parts: RestoreParts): Promise<RestoreResult> {
  const newest = await newestSnapshot(parts.blobs)
  if (newest === undefined)
    throw new RestoreRefused(
      'the blob store holds no snapshot of the records; LAMINA_BLOBS or LAMINA_DATA says which store',
    )
  const counts = await fillBeside(parts, readRecords(await decompressed(parts.blobs, newest)), [])
  return { taken: new Date(newest.taken).toISOString(), ...counts, bytes: newest.size, damaged: [] }
}

/**
 * Makes a registry of the records that could be read of a damaged database, beside the bytes that they speak of. `own` is
 * put there, too, for the registry that begins here.
 */
export async function restoreSalvaged(
  parts: RestoreParts,
  records: AsyncIterable<FiledRecord>,
  own: readonly FiledRecord[],
): Promise<RestoreResult> {
  const counts = await fillBeside(parts, records, own)
  return { taken: new Date(parts.now()).toISOString(), ...counts, bytes: 0, damaged: [] }
}

/** Fills empty stores with records whose bytes are there. */
async function fillBeside(
  parts: RestoreParts,
  given: AsyncIterable<FiledRecord>,
  own: readonly FiledRecord[],
): Promise<{ readonly records: number; readonly blobs: number }> {
  const filling = await Filling.begin(parts.metadata)
  const sample = new Sample(parts.blobs)
  let records = 0
  for await (const record of given) {
    if (!keyMoves(record.key)) continue
    records += 1
    if (kindOf(record.key) === 'blob') sample.add(record)
    await filling.add(record)
  }
  await sample.require()
  for (const record of own) await filling.add(record)
  await filling.end()
  return { records, blobs: sample.blobs }
}

/** Some of the blobs whose bytes must be in the store already. */
class Sample {
  blobs = 0
  readonly #blobs: BlobStore
  readonly #records: BlobRecord[] = []

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  add({ value }: FiledRecord): void {
    this.blobs += 1
    if (this.#records.length < SAMPLE) this.#records.push(blobCodec.decode(value))
  }

  /** Throws RestoreRefused when none of them is there: the store is not the one that the records speak of. */
  async require(): Promise<void> {
    const sizes = await Promise.all(
      this.#records.map(({ location }) => this.#blobs.size(blobLocation(location))),
    )
    if (sizes.length > 0 && sizes.every((size) => size === undefined))
      throw new RestoreRefused(
        `the blob store has none of the bytes that the records speak of (${sizes.length} blobs were looked for); LAMINA_BLOBS or LAMINA_DATA says which store`,
      )
  }
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
    if (systemCode(error) === 'ENOENT') return undefined
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
    const taken = snapshotTime(blob.upload)
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
