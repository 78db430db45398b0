import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreDamaged } from '../../store-errors.ts'

const NAME = 'damage'

/**
 * Throws StoreDamaged when the database in `directory` was found to be damaged before. LevelDB writes tables anew without a
 * look at their checksums: then nothing else shows it, and records are missing.
 */
export async function refuseKnownDamage(directory: string): Promise<void> {
  const path = join(directory, NAME)
  const sentence = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (sentence !== undefined)
    throw new StoreDamaged(
      `${sentence.trim()} (found before; ${path} keeps that in mind until it is removed)`,
    )
}

/** Keeps in mind what was found. Where it cannot be written the next start does not know of it. */
export async function noteDamage(directory: string, { message }: StoreDamaged): Promise<void> {
  const path = join(directory, NAME)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(`${message}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
