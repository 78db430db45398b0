import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { FileMissing, withStoreErrors } from './file-errors.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { syncDirectory } from './skeleton.ts'

/** Longer texts than this driver writes are someone else's file. */
const LONGEST = 1000

/** What is known of a directory's owner: the registry's id, or `unknown` when the file does not tell. */
export function readOwner(
  directory: string,
  files: FileSystem = nodeFileSystem,
): Promise<string | undefined> {
  return ownerIn(withStoreErrors(files), join(directory, 'owner.json'))
}

/** Makes the directory a registry's own, durably; it need not exist. Rejects with NoSpace or StoreUnavailable. */
export async function writeOwner(
  directory: string,
  cluster: string,
  files: FileSystem = nodeFileSystem,
): Promise<void> {
  const fs = withStoreErrors(files)
  const topmost = await fs.mkdir(directory)
  // Under a name of its own first: half an owner would keep the registry from its blobs.
  const draft = join(directory, `owner.json.${randomUUID()}`)
  const text = Buffer.from(`${JSON.stringify({ cluster, since: new Date().toISOString() })}\n`)
  const file = await fs.open(draft, 'wx')
  try {
    for (let at = 0; at < text.length; ) at += await file.write(text, at, text.length - at, at)
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(draft, join(directory, 'owner.json'))
  await syncDirectory(fs, directory)
  if (topmost !== undefined) await syncDirectory(fs, dirname(topmost))
}

async function ownerIn(fs: FileSystem, path: string): Promise<string | undefined> {
  try {
    const file = await fs.open(path, 'r')
    try {
      const bytes = Buffer.alloc(LONGEST)
      const length = await file.read(bytes, 0, LONGEST, 0)
      return clusterIn(bytes.toString('utf8', 0, length))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof FileMissing) return undefined
    throw error
  }
}

function clusterIn(text: string): string {
  return /^\{"cluster":"([\w-]{1,100})"[,}]/.exec(text)?.[1] ?? 'unknown'
}
