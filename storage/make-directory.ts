import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes the directory and its missing parents; gives the topmost one made, undefined when all were there. Rejects with
 * the error of the first that cannot be made. Node's own `recursive` never ends where a file system takes no new names
 * and says that they are absent: below /proc.
 */
export async function makeDirectory(path: string, mode?: number): Promise<string | undefined> {
  const parent = dirname(path)
  try {
    await mkdir(path, { mode })
    return path
  } catch (error) {
    const misses = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!misses || parent === path) return unlessThere(path, error)
  }
  const topmost = await makeDirectory(parent, mode)
  await mkdir(path, { mode }).catch((error: unknown) => unlessThere(path, error))
  return topmost ?? path
}

/** Somebody made it before, whatever the system calls it to make one that is there. */
async function unlessThere(path: string, error: unknown): Promise<undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() !== true) throw error
  return undefined
}
