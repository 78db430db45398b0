import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import { makeDirectory } from '../../../storage/make-directory.ts'
import type { MetadataSnapshot, MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { parseDigest } from '../../oci/digest.ts'
import { type BlobRecord, blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { TupleReader } from '../../records/tuple.ts'
import { systemCode } from '../../system-code.ts'
import { recordsOf } from '../records-of.ts'
import { whileHeld } from './holds.ts'
import { type BackupDescription, BLOBS, blobFile, DESCRIPTION, FAN_OUT, RECORDS } from './layout.ts'
import { compressRecords, contentOf, type FiledRecord } from './record-file.ts'

export interface BackupParts {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
}

/** What a backup holds, and what of it could not be had. */
export interface BackupResult extends BackupDescription {
  /** Blobs that are damaged in the registry itself. */
  readonly damaged: readonly string[]
}

/** A backup cannot be written where it was asked for; the message says why. */
class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
}

/**
 * Writes the registry as it is now into `directory`, while it runs. An older backup there becomes this one; it stays
 * whole until this one is. `copying` follows. Rejects with BackupRefused when the directory holds something else.
 */
export async function writeBackup(
  parts: BackupParts,
  directory: string,
  { signal, copying }: { readonly signal: AbortSignal; readonly copying: Copying },
): Promise<BackupResult> {
  await prepare(directory)
  return whileHeld(parts, async () => {
    const snapshot = await parts.metadata.snapshot()
    try {
      const copied = await copyBlobs(parts, snapshot, { directory, signal, copying })
      const written = await writeRecordFile(snapshot, directory, signal)
      const { damaged, ...counts } = copied
      const taken = new Date(parts.now()).toISOString()
      const description: BackupDescription = { format: 1, taken, ...counts, ...written }
      await writeDescription(directory, description)
      await putInPlace(directory)
      await removeOthers(snapshot, directory)
      return { ...description, damaged }
    } finally {
      await snapshot.close()
    }
  })
}

const part = (name: string): string => `${name}.part`

/** What a first backup that was cut may have left. */
const UNFINISHED: ReadonlySet<string> = new Set([dirname(BLOBS), part(RECORDS), part(DESCRIPTION), RECORDS])

/** A store of blobs has a directory of that name, too: in it, all that is no backup's would be removed at the end. */
async function prepare(directory: string): Promise<void> {
  await makeDirectory(directory, 0o700)
  const names = await readdir(directory)
  if (!names.includes(DESCRIPTION) && names.some((name) => !UNFINISHED.has(name)))
    throw new BackupRefused(
      `${directory} is neither empty nor a backup; choose another directory, or empty this one`,
    )
  for (const byte of FAN_OUT) await makeDirectory(join(directory, BLOBS, byte), 0o700)
}

/** How far a backup is: blobs whose bytes it has. */
export interface Copying {
  blobs: number
  bytes: number
}

interface Copied extends Copying {
  readonly hasBlobs: boolean
  readonly damaged: string[]
}

/** Shares or copies the bytes of every blob of the snapshot. */
async function copyBlobs(
  parts: BackupParts,
  snapshot: MetadataSnapshot,
  to: { readonly directory: string; readonly signal: AbortSignal; readonly copying: Copying },
): Promise<Copied> {
  const hasBlobs = parts.blobs.linkTo !== undefined
  const copied: Copied = { hasBlobs, blobs: 0, bytes: 0, damaged: [] }
  if (!hasBlobs) return copied
  for await (const { key, value } of recordsOf(snapshot, 'blob')) {
    to.signal.throwIfAborted()
    const sha256 = new TupleReader(key).digest()
    const record = blobCodec.decode(value)
    const file = join(to.directory, blobFile(sha256))
    if (await copyOne(parts.blobs, record, file)) {
      copied.blobs += 1
      copied.bytes += record.size
      Object.assign(to.copying, { blobs: copied.blobs, bytes: copied.bytes })
    } else copied.damaged.push(sha256)
  }
  for (const byte of FAN_OUT) await syncDirectory(join(to.directory, BLOBS, byte))
  return copied
}

/** False: the registry has not the bytes. */
async function copyOne(blobs: BlobStore, record: BlobRecord, file: string): Promise<boolean> {
  if (record.quarantined !== undefined) return false
  const location = blobLocation(record.location)
  if ((await blobs.size(location)) !== record.size) return false
  if ((await sizeOf(file)) === record.size) return true
  await rm(file, { force: true })
  return (await blobs.linkTo?.(location, file)) === true
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    (error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    },
  )
}

/** Written beside the old one, and synced. */
async function writeRecordFile(
  snapshot: MetadataSnapshot,
  directory: string,
  signal: AbortSignal,
): Promise<Pick<BackupDescription, 'records' | 'recordsSha256'>> {
  const path = join(directory, part(RECORDS))
  let records = 0
  const counted = async function* (): AsyncGenerator<FiledRecord> {
    for await (const record of contentOf(snapshot)) {
      signal.throwIfAborted()
      records += 1
      yield record
    }
  }
  const file = createWriteStream(path, { mode: 0o600, flush: true })
  await pipeline(compressRecords(counted()), file)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { records, recordsSha256: hash.digest('hex') }
}

async function writeDescription(directory: string, description: BackupDescription): Promise<void> {
  const text = `${JSON.stringify(description, undefined, 2)}\n`
  await writeFile(join(directory, part(DESCRIPTION)), text, { mode: 0o600, flush: true })
}

/** Both at once, when nothing is left to write: an older backup's description tells of its own records alone. */
async function putInPlace(directory: string): Promise<void> {
  for (const name of [RECORDS, DESCRIPTION]) await rename(join(directory, part(name)), join(directory, name))
  await syncDirectory(directory)
}

/** Blobs of an older backup that the registry has no more. */
async function removeOthers(snapshot: MetadataSnapshot, directory: string): Promise<void> {
  for (const byte of FAN_OUT) {
    const folder = join(directory, BLOBS, byte)
    for (const name of await readdir(folder)) {
      const digest = parseDigest(`sha256:${name}`)
      const [stored] = digest === undefined ? [] : await snapshot.read([keys.blob(digest)])
      if (stored === undefined) await rm(join(folder, name))
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
