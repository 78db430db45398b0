import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

const NAME = 'last-version'

/**
 * The last version that the database in `directory` was known to hold, from a file of its own: whoever empties the
 * database's log, or cuts off its end, leaves one that looks whole. It is written now and then, so it may be behind, and never
 * is ahead. 0 where it is not there, or damaged itself.
 */
export async function readLastVersion(directory: string): Promise<bigint> {
  try {
    const line = await readFile(join(directory, NAME), 'latin1')
    const [version = ''] = line.split(' ')
    return /^\d+ /.test(line) && line === lineOf(version) ? BigInt(version) : 0n
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0n
    throw error
  }
}

/** Rejects when the disk does not take it. */
export async function writeLastVersion(directory: string, version: bigint): Promise<void> {
  const path = join(directory, NAME)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(lineOf(String(version)))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

function lineOf(version: string): string {
  return `${version} ${crc32(version)}\n`
}
