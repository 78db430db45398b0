import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { makeDirectory } from '../storage/make-directory.ts'
import { StoreDamaged, StoreUnavailable } from '../storage/store-errors.ts'
import { openStores } from './compose.ts'
import { type Claim, RESTORING } from './compose-directory.ts'
import type { Config } from './config/schema.ts'
import { StartError } from './http/start-error.ts'
import {
  describeBackup,
  type RestoreParts,
  type RestoreResult,
  restoreBackup,
  restoreFromStore,
  restoreSalvaged,
} from './maintenance/backup/restore.ts'
import { RestoreRefused } from './maintenance/backup/restore-refused.ts'
import { sweptAt } from './maintenance/sweep.ts'
import { systemCode } from './system-code.ts'

/** What a registry is restored from. */
export interface RestoreSource {
  /** A directory that holds a backup; absent: the snapshots in the registry's own blob store. */
  readonly from: string | undefined
  /** The bytes are in a bucket that says that they are another registry's, which is lost. */
  readonly takeOver: boolean
}

/** What of a damaged database could not be read. */
export interface Lost {
  readonly records: number
  /** There may have been more behind what was read. */
  readonly isMore: boolean
}

/**
 * Fills the stores with what can be read of the embedded database in `directory`, which was moved away. Bytes that no record
 * names are left alone for as long as between two sweeps: `fsck --repair` makes lost records of blobs again, by links to them.
 */
export async function restoreDamaged(
  config: Config,
  log: Logger,
  directory: string,
): Promise<RestoreResult & { readonly lost: Lost }> {
  const lost = { records: 0, isMore: false }
  const onLost = (what: 'record' | 'part') => {
    if (what === 'record') lost.records += 1
    else lost.isMore = true
  }
  try {
    // Only who salvages one pays for the library.
    const { salvageRecords } = await import('../storage/metadata/level/salvage.ts')
    const records = salvageRecords(directory, { onLost })
    const result = await filled(config, log, 'adopt', (parts) =>
      restoreSalvaged(parts, records, [sweptAt(parts.now())]),
    )
    return { ...result, lost }
  } catch (error) {
    throw asStartError(error)
  }
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
    throw asStartError(error)
  }
}

function asStartError(error: unknown): unknown {
  const isSaid =
    error instanceof RestoreRefused || error instanceof StoreDamaged || error instanceof StoreUnavailable
  if (isSaid || (error instanceof Error && systemCode(error) === 'ENOENT'))
    return new StartError(error.message, { cause: error })
  return error
}

interface Filled {
  readonly from: string | undefined
  readonly claim: Claim
}

/** What may lie in a data directory that is empty; file systems have the latter at their root. */
const NOTHING: ReadonlySet<string> = new Set([RESTORING, 'lost+found'])
/** The last to be moved: without it nobody serves what is there. */
const RECORDS = 'metadata'

/** In a directory of its own, out of which all is moved when it is whole: half a registry is never served. */
async function fillAside(config: Config, log: Logger, what: Filled): Promise<RestoreResult> {
  const { data } = config
  await makeDirectory(data, 0o700)
  const aside = join(data, RESTORING)
  const there = (await readdir(data)).filter((name) => !NOTHING.has(name))
  const isCut =
    there.join() === 'blobs' && existsSync(join(aside, RECORDS)) && !existsSync(join(aside, 'blobs'))
  if (there.length > 0 && !isCut)
    throw new RestoreRefused(`${data} is not empty; restore into an empty directory, or move it away first`)
  // The cut came between the last two steps.
  if (isCut) await rm(join(data, 'blobs'), { recursive: true })
  // It will hold private images and password hashes. One that is mounted may be somebody else's.
  await chmod(data, 0o700).catch(() => undefined)
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { mode: 0o700 })
  const result = await fill({ ...config, data: aside }, log, what)
  await moveUp(aside, data)
  return result
}

async function moveUp(from: string, to: string): Promise<void> {
  const names = await readdir(from)
  const inOrder = [...names.filter((name) => name !== RECORDS), ...names.filter((name) => name === RECORDS)]
  for (const name of inOrder) await rename(join(from, name), join(to, name))
  await rmdir(from)
  const directory = await open(to)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function fill(config: Config, log: Logger, { from, claim }: Filled): Promise<RestoreResult> {
  return filled(config, log, claim, (parts) =>
    from === undefined ? restoreFromStore(parts) : restoreBackup(parts, from),
  )
}

async function filled(
  config: Config,
  log: Logger,
  claim: Claim,
  work: (parts: RestoreParts) => Promise<RestoreResult>,
): Promise<RestoreResult> {
  const stores = await openStores(config, log, { claim })
  try {
    return await work({ ...stores, now: Date.now })
  } finally {
    await stores.blobs.close()
    await stores.metadata.close()
  }
}
