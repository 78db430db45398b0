import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import { openBlobs, s3Settings } from './compose-blobs.ts'
import { configOf } from './config/load.ts'
import { keys } from './records/keys.ts'

const NOT_OURS = 'are not of the registry whose records are in'
const BLOB = `blobs/sha256/aa/${'a'.repeat(64)}.some-upload`

let data: string
let metadata: MetadataStore

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'lamina-directory-'))
  metadata = await openMemoryMetadataStore()
})
afterEach(() => rm(data, { recursive: true }))

async function open(records: MetadataStore, claim?: 'adopt'): Promise<void> {
  const store = await openBlobs(configOf({ data }), records, { claim })
  await store.close()
}

const use = (records: MetadataStore) =>
  records.commit({ checks: [], sets: [{ key: keys.project('team'), value: Buffer.of(1) }], deletes: [] })
const addBlob = () => writeFile(join(data, 'blobs', BLOB), 'bytes')

it('opens what is new, and its own again, whatever is in it', async () => {
  await open(metadata)
  await open(metadata)
  await addBlob()
  await open(metadata)
  expect(await readdir(join(data, 'blobs'))).toEqual(['blobs', 'owner.json', 'uploads'])
})

it('keeps the blobs of a registry from a database that is new, or another one', async () => {
  await open(metadata)
  const other = await openMemoryMetadataStore()
  await expect(open(other)).rejects.toThrow(NOT_OURS)
  await use(other)
  await expect(open(other)).rejects.toThrow(NOT_OURS)
  await open(metadata)
})

it('hands them over to a database that is being restored', async () => {
  await open(metadata)
  const restored = await openMemoryMetadataStore()
  await open(restored, 'adopt')
  await open(restored)
  await expect(open(metadata)).rejects.toThrow(NOT_OURS)
})

it('takes blobs without an owner as those of a database in use, and not of a new one', async () => {
  await open(metadata)
  await addBlob()
  await rm(join(data, 'blobs', 'owner.json'))
  await expect(open(metadata)).rejects.toThrow(NOT_OURS)
  await use(metadata)
  await open(metadata)
})

it('does not begin a directory beside a shared database that speaks of blobs, until somebody makes it', async () => {
  const config = configOf({ data, metadata: 'postgres://lamina@db/lamina', secret: 'x'.repeat(32) })
  const blob = keys.blobs()
  await metadata.commit({ checks: [], sets: [{ key: blob, value: Buffer.of(1) }], deletes: [] })
  for (const _ of ['first', 'again'])
    await expect(openBlobs(config, metadata)).rejects.toThrow(/belong to one process.*LAMINA_BLOBS/)
  expect(await readdir(data)).toEqual([])
  await mkdir(join(data, 'blobs'))
  await (await openBlobs(config, metadata)).close()
  await (await openBlobs(config, metadata)).close()
})

it('does not take a damaged owner for none', async () => {
  await open(metadata)
  await writeFile(join(data, 'blobs', 'owner.json'), '{"clus')
  await expect(open(metadata)).rejects.toThrow(NOT_OURS)
})

it('says of a file of authorities that it is not there, or has none', async () => {
  const settingsWith = (s3Ca: string) =>
    s3Settings(configOf({ data, 's3-ca': s3Ca }), { bucket: 'images', prefix: '' })
  await expect(settingsWith(join(data, 'ca.pem'))).rejects.toThrow(
    /ca\.pem cannot be read \(ENOENT\).*LAMINA_S3_CA/,
  )
  await writeFile(join(data, 'ca.pem'), 'registry.example\n')
  await expect(settingsWith(join(data, 'ca.pem'))).rejects.toThrow(/no authorities in .*LAMINA_S3_CA/)
})
