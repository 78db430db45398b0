import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { openStores } from './compose.ts'
import type { Claim } from './compose-directory.ts'
import type { Config } from './config/schema.ts'
import { StartError } from './http/start-error.ts'
import {
  describeBackup,
  type RestoreResult,
  restoreBackup,
  restoreFromStore,
} from './maintenance/backup/restore.ts'
import { RestoreRefused } from './maintenance/backup/restore-refused.ts'

/** What a registry is restored from. */
export interface RestoreSource {
  /** A directory that holds a backup; absent: the snapshots in the registry's own blob store. */
  readonly from: string | undefined
  /** The bytes are in a bucket that says that they are another registry's, which is lost. */
  readonly takeOver: boolean
}

/** Fills the stores of a configuration. Throws StartError that says what to do. */
export async function restore(config: Config, log: Logger, source: RestoreSource): Promise<RestoreResult> {
  const { from, takeOver } = source
  const claim = takeOver ? 'take-over' : 'adopt'
  try {
    if (from === undefined) return await fill(config, log, { from, claim })
    const { hasBlobs } = await describeBackup(from)
    if (hasBlobs && takeOver)
      throw new RestoreRefused(
        `the backup in ${from} has the bytes of its blobs: restore it beside no others, without --take-over`,
      )
    if (!hasBlobs && config.blobs.kind === 'filesystem')
      throw new RestoreRefused(
        `the backup in ${from} has no bytes: they are in a bucket, which LAMINA_BLOBS must name`,
      )
    return hasBlobs
      ? await fillAside(config, log, { from, claim: 'own' })
      : await fill(config, log, { from, claim })
  } catch (error) {
    if (error instanceof RestoreRefused || isMissing(error))
      throw new StartError(error.message, { cause: error })
    throw error
  }
}

interface Filled {
  readonly from: string | undefined
  readonly claim: Claim
}

/** In a directory beside the data directory, which takes its place when it is whole: half a registry is never served. */
async function fillAside(config: Config, log: Logger, what: Filled): Promise<RestoreResult> {
  await mkdir(config.data, { recursive: true, mode: 0o700 })
  if ((await readdir(config.data)).length > 0)
    throw new RestoreRefused(
      `${config.data} is not empty; restore into an empty directory, or move it away first`,
    )
  const aside = `${config.data}.restoring`
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const result = await fill({ ...config, data: aside }, log, what)
  await rename(aside, config.data)
  return result
}

async function fill(config: Config, log: Logger, { from, claim }: Filled): Promise<RestoreResult> {
  const stores = await openStores(config, log, { claim })
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
