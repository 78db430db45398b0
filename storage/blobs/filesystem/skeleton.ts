import { dirname, join } from 'node:path'
import { StoreUnavailable } from '../../store-errors.ts'
import type { FileSystem } from './file-system.ts'
import { BLOB_PARENTS, FAN_OUT, UPLOADS } from './layout.ts'

/** No upload's id has a dot. */
const NOT_THERE = '.not-there'

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
  await requireOneFileSystem(fs, directory)
  await syncDirectory(fs, join(directory, 'blobs'))
  await syncUpwards(fs, directory, topmost === undefined ? directory : dirname(topmost))
}

/**
 * A finished upload is renamed to its place. Between two mounts Linux refuses that before it looks for the file: so a file that
 * is not there tells, and a full disk too. Throws StoreUnavailable.
 */
async function requireOneFileSystem(fs: FileSystem, directory: string): Promise<void> {
  for (const parent of BLOB_PARENTS) {
    const [from, to] = [join(directory, UPLOADS, NOT_THERE), join(directory, parent, NOT_THERE)]
    const error: unknown = await fs.rename(from, to).catch((cause: unknown) => cause)
    if (error instanceof StoreUnavailable && isOfTwoFileSystems(error.cause))
      throw new StoreUnavailable(
        `${join(directory, UPLOADS)} and ${join(directory, parent)} are not in one file system, or not in one mount of it: nothing that is pushed could be moved to its place. Mount or link to ${directory}, or a directory above it, as a whole`,
        { cause: error },
      )
  }
}

function isOfTwoFileSystems(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EXDEV'
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
