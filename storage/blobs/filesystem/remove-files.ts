import { resolve } from 'node:path'
import type { BlobLocation, BlobStore, FailedRemoval } from '../blob-store.ts'
import { withStoreErrors } from './file-errors.ts'
import { type FailedPath, nodeFileSystem } from './file-system.ts'
import { isLocation } from './layout.ts'
import { StoreDirectory } from './store-directory.ts'
import { unlinkEachHere } from './unlink-here.ts'

/** Files whose removal is prepared in one turn of the event loop. */
const AT_ONCE = 200

/** Removes the files of many blobs; gives those that may still be there. */
export async function removeFiles(
  files: StoreDirectory,
  locations: readonly BlobLocation[],
): Promise<readonly FailedRemoval[]> {
  const failed: FailedRemoval[] = []
  for (let at = 0; at < locations.length; at += AT_ONCE) {
    const there = locations.slice(at, at + AT_ONCE).filter(isLocation)
    for (const { path, error } of await files.unlinkThoseThere(there)) failed.push({ location: path, error })
  }
  return failed
}

/** A store in `directory` that is open elsewhere in this process, for a thread that may wait for the disk itself. */
export function removerIn(directory: string): Pick<BlobStore, 'removeMany'> {
  const fs = { ...nodeFileSystem, unlinkEach: unlinkWithHelp }
  const files = new StoreDirectory(withStoreErrors(fs), resolve(directory))
  return { removeMany: (locations) => removeFiles(files, locations) }
}

/** Half of them on another thread: more than half of the time is the disk's, which each file waits for. */
async function unlinkWithHelp(paths: readonly string[]): Promise<readonly FailedPath[]> {
  const half = paths.length >> 1
  const aside = nodeFileSystem.unlinkEach(paths.slice(half))
  const failed = unlinkEachHere(paths.slice(0, half))
  return [...failed, ...(await aside)]
}
