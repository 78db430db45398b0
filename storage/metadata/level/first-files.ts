import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'

/**
 * Refuses a directory whose database has lost the files that it begins with. LevelDB takes one without CURRENT for new,
 * begins it anew, and removes all tables and logs that lie there. Throws StoreDamaged.
 */
export async function refuseWithoutFirstFiles(directory: string): Promise<void> {
  const names = await namesIn(directory)
  if (!names.includes('CURRENT')) {
    // A database that was being made when power failed has neither yet, or an empty log.
    for (const name of names.filter((one) => /\.(?:ldb|sst|log)$/.test(one)))
      if ((await stat(join(directory, name))).size > 0)
        throw new StoreDamaged(
          `the database in ${directory} has lost its file CURRENT: ${name} is there, and more`,
        )
    return
  }
  const manifest = (await readFile(join(directory, 'CURRENT'), 'latin1')).trimEnd()
  if (!/^MANIFEST-\d+$/.test(manifest))
    throw new StoreDamaged(`the file CURRENT of the database in ${directory} is damaged`)
  if (!names.includes(manifest))
    throw new StoreDamaged(`the database in ${directory} has lost its file ${manifest}`)
}

/** Throws StoreUnavailable where the database that was open is no more: opened again, it would be a new one, and empty. */
export async function refuseAnother(directory: string): Promise<void> {
  if ((await namesIn(directory)).includes('CURRENT')) return
  throw new StoreUnavailable(`the database is not in ${directory} any more: is its disk mounted?`)
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
