import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import { openFilesystemBlobStore } from '../storage/blobs/filesystem/filesystem-blob-store.ts'
import { readOwner, writeOwner } from '../storage/blobs/filesystem/owner.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import type { Config } from './config/schema.ts'
import { StartError, systemCode } from './http/start-error.ts'
import { isUnused } from './maintenance/unused.ts'

/** Whose blobs a directory may hold: only the registry's own, or anyone's, whose records are being restored. */
export type Claim = 'own' | 'adopt'

/**
 * Opens the blobs of the data directory. Throws StartError when they are of another registry: bytes that no record
 * mentions are swept away, so a database that is lost, new, or another one must never meet them.
 */
export async function openDirectory(
  config: Config,
  records: { readonly metadata: MetadataStore; readonly cluster: string },
  claim: Claim,
): Promise<BlobStore> {
  const directory = join(config.data, 'blobs')
  const isNew = await isMissing(directory)
  const owner = await readOwner(directory)
  const store = await openFilesystemBlobStore({ directory })
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

function foreign({ metadata, data }: Config, directory: string): StartError {
  const place = metadata === 'level' ? join(data, 'metadata') : 'the PostgreSQL of LAMINA_METADATA'
  return new StartError(
    `The blobs in ${directory} are not of the registry whose records are in ${place}. If its records were lost, \`lamina restore --from-store\` brings back the newest snapshot of them; if LAMINA_DATA or LAMINA_METADATA names the wrong place, set it right; to begin anew, move the blobs away first. Nothing was changed.`,
  )
}
