import { expect, test } from 'vitest'
import { openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { Backups } from './backups.ts'

test('one backup is written at a time, and one that fails says why', async () => {
  const backups = new Backups({
    metadata: await openMemoryMetadataStore(),
    blobs: openMemoryBlobStore(),
    now: () => 1,
  })
  // No directory can be made below a file.
  expect(backups.start('/dev/null/backup').state).toBe('running')
  expect(() => backups.start('/dev/null/other')).toThrow('under way')
  await expect.poll(() => backups.status?.state).toBe('failed')
  expect(backups.status?.error).toContain('ENOTDIR')
  expect(backups.start('/dev/null/again').state).toBe('running')
  await backups.stop()
})
