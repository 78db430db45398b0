import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { restore } from './compose-restore.ts'
import { configOf } from './config/load.ts'

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
  ['a backup of records alone, and no bucket', false, false, 'which LAMINA_BLOBS must name'],
  ['a bucket to take over, and a backup that brings its bytes', true, true, 'without --take-over'],
])('%s: refused', async (_, hasBlobs, takeOver, why) => {
  const config = configOf({ data: join(directory, 'data') })
  const from = await backup(hasBlobs)
  await expect(restore(config, pino({ level: 'silent' }), { from, takeOver })).rejects.toThrow(why)
})
