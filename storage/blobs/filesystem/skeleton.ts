import { dirname, join } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { BLOB_PARENTS, FAN_OUT, UPLOADS } from './layout.ts'

/** Makes every directory that the store will ever need, durably, so that no push has to. */
export async function makeSkeleton(fs: FileSystem, directory: string): Promise<void> {
  const topmost = await fs.mkdir(directory)
  await fs.mkdir(join(directory, UPLOADS))
  for (const parent of BLOB_PARENTS) {
    const path = join(directory, parent)
    await fs.mkdir(path)
    await makeMissing(fs, path)
    await syncDirectory(fs, path)
  }
  await syncDirectory(fs, join(directory, 'blobs'))
  await syncUpwards(fs, directory, topmost === undefined ? directory : dirname(topmost))
}

async function makeMissing(fs: FileSystem, parent: string): Promise<void> {
  const there = new Set<string>()
  for await (const name of fs.names(parent)) there.add(name)
  await fs.mkdirEach(
    parent,
    FAN_OUT.filter((name) => !there.has(name)),
  )
}

/**
 * Syncs `directory` and those above it: up to `last` this start has made a name there. Further up only an earlier
 * start that was killed can have, so a failure there is no reason not to start: many directories up there cannot
 * be opened or synced (another owner's, a read-only image).
 */
async function syncUpwards(fs: FileSystem, directory: string, last: string): Promise<void> {
  let path = directory
  for (; path !== last; path = dirname(path)) await syncDirectory(fs, path)
  await syncDirectory(fs, last)
  while (path !== dirname(path)) {
    path = dirname(path)
    await syncDirectory(fs, path).catch(() => undefined)
  }
}

/** Makes the names in a directory survive power loss: a sync of a file does not. */
export async function syncDirectory(fs: FileSystem, path: string): Promise<void> {
  const handle = await fs.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
