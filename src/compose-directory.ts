import { existsSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import { openFilesystemBlobStore } from '../storage/blobs/filesystem/filesystem-blob-store.ts'
import { readOwner, writeOwner } from '../storage/blobs/filesystem/owner.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import type { Config } from './config/schema.ts'
import { StartError } from './http/start-error.ts'
import { holdsBlobs, isUnused } from './maintenance/unused.ts'
import { systemCode } from './system-code.ts'

/**
 * Whose blobs a place may hold: only the registry's own; those of a registry whose records are being restored; or even
 * those of which somebody says in a bucket that they are another's, whom `take-over` ends.
 */
export type Claim = 'own' | 'adopt' | 'take-over'

/** Where a registry is filled, in the data directory: a volume of a container, or a service's user, has no other place. */
export const RESTORING = 'restoring'

/** Throws StartError for a data directory in which a restore is under way, or was cut. */
export function refuseUnrestored({ data }: Pick<Config, 'data'>): void {
  const aside = join(data, RESTORING)
  if (existsSync(aside))
    throw new StartError(
      `\`lamina restore\` into ${data} is under way, or was cut: give it again as before. To do without what it restores, remove ${aside}.`,
    )
}

/**
 * Begins to open a directory of blobs that is not there yet: making its hundreds of folders takes as long as opening the
 * database, and can be done meanwhile. Undefined where only the records can say whether there may be one.
 */
export function beginDirectory(config: Config): Promise<BlobStore> | undefined {
  const directory = blobsIn(config)
  if (config.blobs.kind !== 'filesystem' || config.metadata !== 'level' || existsSync(directory))
    return undefined
  const begun = openFilesystemBlobStore({ directory })
  // openDirectory hears of a failure, unless the database has failed before.
  begun.catch(() => undefined)
  return begun
}

/**
 * Opens the blobs of the data directory. Throws StartError when they are of another registry: bytes that no record
 * mentions are swept away, so a database that is lost, new, or another one must never meet them. Also when there is no
 * directory and a shared database speaks of blobs: a second process with a disk of its own would answer 404 for them.
 */
export async function openDirectory(
  config: Config,
  records: { readonly metadata: MetadataStore; readonly cluster: string },
  { claim, begun }: { readonly claim: Claim; readonly begun: Promise<BlobStore> | undefined },
): Promise<BlobStore> {
  const directory = blobsIn(config)
  const isNew = begun !== undefined || (await isMissing(directory))
  if (isNew && claim === 'own' && config.metadata !== 'level' && (await holdsBlobs(records.metadata)))
    throw elsewhere(directory)
  const owner = await readOwner(directory)
  const store = await (begun ?? openFilesystemBlobStore({ directory }))
  try {
    if (owner === records.cluster) return store
    // Those of a version that did not write down whose they are have records.
    const isFree =
      isNew || (owner === undefined && (!(await isUnused(records.metadata)) || (await isEmpty(store))))
    if (!isFree && claim === 'own') throw foreign(config, directory)
    await writeOwner(directory, records.cluster)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

export function blobsIn({ data }: Config): string {
  return join(data, 'blobs')
}

/** Then no bytes can lie there: looking for them in hundreds of folders takes longer than the rest of a first start. */
async function isMissing(directory: string): Promise<boolean> {
  try {
    await access(directory)
    return false
  } catch (error) {
    // Whatever else it is, opening the store says so.
    return systemCode(error) === 'ENOENT'
  }
}

async function isEmpty(store: BlobStore): Promise<boolean> {
  for await (const _ of store.list()) return false
  return true
}

function elsewhere(directory: string): StartError {
  return new StartError(
    `The records in the PostgreSQL of LAMINA_METADATA speak of blobs, and there is no ${directory}. Blobs on a local disk belong to one process: if another one serves this registry, give all of them LAMINA_BLOBS=s3://…; if LAMINA_DATA names the wrong place, set it right; if the disk was lost, make that directory by hand, and push again what is missing. Nothing was changed.`,
  )
}

function foreign({ metadata, data }: Config, directory: string): StartError {
  const place = metadata === 'level' ? join(data, 'metadata') : 'the PostgreSQL of LAMINA_METADATA'
  return new StartError(
    `The blobs in ${directory} are not of the registry whose records are in ${place}. If its records were lost, \`lamina restore --from-store\` brings back the newest snapshot of them; if LAMINA_DATA or LAMINA_METADATA names the wrong place, set it right; to begin anew, move the blobs away first. Nothing was changed.`,
  )
}
