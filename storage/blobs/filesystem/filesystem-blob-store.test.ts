import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeBlobStore } from '../contract.ts'
import { digestOf } from '../contract-bench.ts'
import { nodeFileSystem } from './file-system.ts'
import { openFilesystemBlobStore } from './filesystem-blob-store.ts'
import { locationOf } from './layout.ts'

const parent = await mkdtemp(join(tmpdir(), 'lamina-blobs-'))
afterAll(() => rm(parent, { recursive: true }))
// Cases share the directory, emptied between them: making 512 directories for each takes most of the time.
const directory = join(parent, 'deep', 'down')

async function files(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
}

describeBlobStore(
  'filesystem',
  async () => {
    let store = await openFilesystemBlobStore({ directory })
    return {
      store,
      async reopen() {
        await store.close()
        store = await openFilesystemBlobStore({ directory })
        return store
      },
      leftovers: files,
      async dispose() {
        await store.close()
        for (const path of await files()) await rm(path)
      },
    }
  },
  {
    capabilities: { boundedMemory: true, readsSurviveRemove: true, freeBytes: true, listsUploads: true },
    deviations: {},
  },
)

test('a pipe in the place of a blob is told as a blob without bytes, and nobody waits for its other end', async () => {
  const store = await openFilesystemBlobStore({ directory })
  const location = locationOf(digestOf(Buffer.from('blob')), 'an-upload')
  const path = join(directory, location)
  execFileSync('mkfifo', [path])
  try {
    const reader = await store.read(location)
    expect(reader?.size).toBe(0)
    await reader?.close()
  } finally {
    await store.close()
    await rm(path)
  }
})

test('uploads in another file system than blobs are refused before the first push', async () => {
  const rename = () => Promise.reject(Object.assign(new Error('cross-device link'), { code: 'EXDEV' }))
  const opened = openFilesystemBlobStore({ directory, fs: { ...nodeFileSystem, rename } })
  await expect(opened).rejects.toThrow('are not in one file system')
})
