import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import { openFilesystemBlobStore } from '../../../storage/blobs/filesystem/filesystem-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { digestOf } from '../../registry/content-fixture.ts'
import { blobFile } from './layout.ts'
import { compressRecords, type FiledRecord } from './record-file.ts'
import { describeBackup, restoreBackup } from './restore.ts'
import { writeBackup } from './write-backup.ts'

const NOW = 1_800_000_000_000
/** Bytes that are read of a file at a time, and bytes behind what is compressed: CRC-32 and length. */
const PIECE = 65_536
const CHECKSUM = 8
const now = (): number => NOW

let scratch: string
let metadata: MetadataStore
let blobs: BlobStore

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'lamina-write-backup-'))
  metadata = await openMemoryMetadataStore()
  blobs = await openFilesystemBlobStore({ directory: join(scratch, 'data') })
  await put('one')
})

afterEach(async () => {
  await rm(scratch, { recursive: true })
})

async function put(text: string): Promise<string> {
  const bytes = Buffer.from(text)
  const digest = digestOf(text)
  const writer = await blobs.append(await blobs.create(text), 0)
  await writer.write(bytes)
  const location = await blobs.complete(await writer.close(), bytes.length, digest)
  const value = blobCodec.encode({ size: bytes.length, location, created: NOW })
  await metadata.commit({ checks: [], sets: [{ key: keys.blob(digest), value }], deletes: [] })
  return location
}

function backUp(directory: string, { signal } = new AbortController()): Promise<unknown> {
  return writeBackup({ metadata, blobs, now }, directory, { signal, copying: { blobs: 0, bytes: 0 } })
}

/** The blobs of the registry that a backup is of. */
async function restored(directory: string): Promise<number> {
  const empty = await openMemoryMetadataStore()
  const store = await openFilesystemBlobStore({ directory: await mkdtemp(join(scratch, 'restored-')) })
  return (await restoreBackup({ metadata: empty, blobs: store, now }, directory)).blobs
}

it('goes into no directory where a registry has its blobs', async () => {
  const location = await put('two')
  const before = await readdir(join(scratch, 'data'), { recursive: true })
  await expect(backUp(join(scratch, 'data'))).rejects.toThrow('neither empty nor a backup')
  expect(await readdir(join(scratch, 'data'), { recursive: true })).toEqual(before)
  expect(await readFile(join(scratch, 'data', location), 'utf8')).toBe('two')
})

it('goes on where a first one was cut', async () => {
  const directory = join(scratch, 'backup')
  await mkdir(join(directory, 'blobs', 'sha256', 'ab'), { recursive: true })
  await writeFile(join(directory, 'records.gz.part'), 'half')
  await backUp(directory)
  expect(await restored(directory)).toBe(1)
})

it('leaves an older one whole when it cannot be ended', async () => {
  const directory = join(scratch, 'backup')
  await backUp(directory)
  await put('two')
  // Nothing can be written to it.
  await mkdir(join(directory, 'backup.json.part'))
  await expect(backUp(directory)).rejects.toThrow('EISDIR')
  expect(await restored(directory)).toBe(1)
  await rm(join(directory, 'backup.json.part'), { recursive: true })
  await backUp(directory)
  expect(await restored(directory)).toBe(2)
})

it('ends while it writes the records, when it is told to', async () => {
  const [directory, stopping] = [join(scratch, 'backup'), new AbortController()]
  const snapshot = metadata.snapshot.bind(metadata)
  metadata.snapshot = async () => {
    const taken = await snapshot()
    const range: typeof taken.range = (query) => {
      // Blobs were copied before; what is listed first among the records are projects.
      if (Buffer.compare(query.prefix, keys.projects()) === 0) stopping.abort()
      return taken.range(query)
    }
    return { read: (wanted) => taken.read(wanted), range, close: () => taken.close() }
  }
  await expect(backUp(directory, stopping)).rejects.toThrow('aborted')
  expect(await readdir(directory)).not.toContain('backup.json')
})

it('removes what the registry has no more', async () => {
  const directory = join(scratch, 'backup')
  await backUp(directory)
  await metadata.commit({ checks: [], sets: [], deletes: [keys.blob(digestOf('one'))] })
  await backUp(directory)
  await expect(readFile(join(directory, blobFile(digestOf('one'))))).rejects.toThrow('ENOENT')
})

it('is found whole where the file of records ends just behind a piece that is read', async () => {
  const directory = join(scratch, 'backup')
  await backUp(directory)
  const description = await describeBackup(directory)
  const file = await recordsOfLength(PIECE + CHECKSUM)
  await writeFile(join(directory, 'records.gz'), file)
  const recordsSha256 = createHash('sha256').update(file).digest('hex')
  await writeFile(join(directory, 'backup.json'), JSON.stringify({ ...description, recordsSha256 }))
  expect(await restored(directory)).toBe(0)
})

/** A compressed file of records that is so long in all. */
async function recordsOfLength(length: number): Promise<Buffer> {
  let filler = length
  for (;;) {
    const value = randomBytes(filler)
    const chunks: Buffer[] = []
    for await (const chunk of compressRecords(oneRecord({ key: keys.layerIndex(digestOf('x')), value })))
      if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const file = Buffer.concat(chunks)
    if (file.length === length) return file
    filler += length - file.length
  }
}

async function* oneRecord(record: FiledRecord): AsyncGenerator<FiledRecord> {
  await Promise.resolve()
  yield record
}
