import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFilesystemBlobStore } from '../storage/blobs/filesystem/filesystem-blob-store.ts'
import { openMemoryMetadataStore } from '../storage/metadata/memory/memory-metadata-store.ts'
import { restore } from './compose-restore.ts'
import { configOf } from './config/load.ts'
import { StartError } from './http/start-error.ts'
import { writeBackup } from './maintenance/backup/write-backup.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-restore-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** The description of a backup; what is refused is refused before anything else of it is read. */
async function backup(hasBlobs: boolean): Promise<string> {
  const from = join(directory, hasBlobs ? 'with-blobs' : 'records-alone')
  await mkdir(from)
  const counts = { records: 1, blobs: 1, bytes: 1 }
  const taken = '2026-11-26T00:00:00Z'
  const description = { format: 1, taken, hasBlobs, ...counts, recordsSha256: '0'.repeat(64) }
  await writeFile(join(from, 'backup.json'), JSON.stringify(description))
  return from
}

test.each([
  ['nothing', undefined],
  ['another file of that name', 'no JSON'],
  ['the description of a version to come', '{"format":2}'],
])('a directory with %s is refused by its name, and with what it should be', async (_, description) => {
  const from = await mkdtemp(join(directory, 'no-backup-'))
  if (description !== undefined) await writeFile(join(from, 'backup.json'), description)
  const config = configOf({ data: join(directory, 'data') })
  const refused = restore(config, pino({ level: 'silent' }), { from, takeOver: false })
  await expect(refused).rejects.toThrow(StartError)
  await expect(refused).rejects.toThrow(
    `${from} holds no backup that this version reads: its backup.json is missing, damaged or not yours to read`,
  )
})

test.each([
  ['a backup of records alone, and no bucket', false, false, 'which LAMINA_BLOBS must name'],
  ['a bucket to take over, and a backup that brings its bytes', true, true, 'without --take-over'],
])('%s: refused', async (_, hasBlobs, takeOver, why) => {
  const config = configOf({ data: join(directory, 'data') })
  const from = await backup(hasBlobs)
  await expect(restore(config, pino({ level: 'silent' }), { from, takeOver })).rejects.toThrow(why)
})

test('all of it lies in the data directory, which may be a link to another place, or the root of a volume', async () => {
  const [metadata, to] = [await openMemoryMetadataStore(), join(directory, 'backup')]
  const blobs = await openFilesystemBlobStore({ directory: join(directory, 'source') })
  const how = { signal: new AbortController().signal, copying: { blobs: 0, bytes: 0 } }
  await writeBackup({ metadata, blobs, now: Date.now }, to, how)
  const [volume, data] = [join(directory, 'volume'), join(directory, 'linked')]
  await mkdir(join(volume, 'lost+found'), { recursive: true })
  await mkdir(join(volume, 'restoring', 'blobs', 'half'), { recursive: true })
  await symlink(volume, data)
  await writeFile(`${data}.restoring`, 'of somebody else')
  await restore(configOf({ data }), pino({ level: 'silent' }), { from: to, takeOver: false })
  expect((await readdir(volume)).toSorted()).toEqual(['blobs', 'lost+found', 'metadata'])
  expect(await readdir(join(volume, 'blobs'))).toContain('owner.json')
  expect(await readFile(`${data}.restoring`, 'utf8')).toBe('of somebody else')
})
