import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { openStores } from './compose.ts'
import type { Config } from './config/schema.ts'
import { StartError } from './http/start-error.ts'
import {
  RestoreRefused,
  type RestoreResult,
  restoreBackup,
  restoreFromStore,
} from './maintenance/backup/restore.ts'

/**
 * Fills the stores of a configuration from a backup, or without one from the snapshots in its own blob store.
 * Throws StartError that says what to do.
 */
export async function restore(config: Config, log: Logger, from: string | undefined): Promise<RestoreResult> {
  try {
    return from === undefined ? await fill(config, log, undefined) : await fillAside(config, log, from)
  } catch (error) {
    if (error instanceof RestoreRefused || isMissing(error))
      throw new StartError(error.message, { cause: error })
    throw error
  }
}

/** In a directory beside the data directory, which takes its place when it is whole: half a registry is never served. */
async function fillAside(config: Config, log: Logger, from: string): Promise<RestoreResult> {
  await mkdir(config.data, { recursive: true, mode: 0o700 })
  if ((await readdir(config.data)).length > 0)
    throw new RestoreRefused(
      `${config.data} is not empty; restore into an empty directory, or move it away first`,
    )
  const aside = `${config.data}.restoring`
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const result = await fill({ ...config, data: aside }, log, from)
  await rename(aside, config.data)
  return result
}

async function fill(config: Config, log: Logger, from: string | undefined): Promise<RestoreResult> {
  const stores = await openStores(config, log, { claim: from === undefined ? 'adopt' : 'own' })
  const parts = { ...stores, now: Date.now }
  try {
    return from === undefined ? await restoreFromStore(parts) : await restoreBackup(parts, from)
  } finally {
    await stores.blobs.close()
    await stores.metadata.close()
  }
}

function isMissing(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
