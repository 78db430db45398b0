import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { digestAlgorithm } from '../oci/digest.ts'
import { isProjectName, type RepositoryName } from '../oci/name.ts'
import { aliasCodec, blobCodec } from '../records/blob.ts'
import { isOfThisProject } from '../records/holders.ts'
import { keyAfter, keyAfterPrefix, keys } from '../records/keys.ts'
import { readHolderKey } from '../records/read-key.ts'
import { findLinked, writeLink } from './links.ts'
import type { RegistryParts } from './parts.ts'
import { ensureRepository, findRepository } from './repositories.ts'

/** Projects that a search for content looks at, at most, or repositories of those: each costs one seek. */
const SEARCH_LIMIT = 64

/** Whether the caller may read blobs of a project. Asked for each candidate. */
export type MayRead = (project: string) => Promise<boolean>

export interface MountRequest {
  readonly name: RepositoryName
  readonly digest: Digest
  readonly account: string
}

/** Links a blob of `from` into another repository, without moving bytes. False: it is not there. */
export async function mountFrom(
  parts: RegistryParts,
  request: MountRequest,
  from: RepositoryName,
): Promise<boolean> {
  const source = await findRepository(parts.metadata, from)
  const found = source && (await findLinked(parts.metadata, source.id, request.digest))
  return found !== undefined && (await linkContent(parts, request, found.link.sha256))
}

/** As mountFrom, from any repository of a project that the caller may read. */
export async function mountFromAnywhere(
  parts: RegistryParts,
  request: MountRequest,
  mayRead: MayRead,
): Promise<boolean> {
  const sha256 = await contentOf(parts, request.digest)
  if (sha256 === undefined) return false
  const prefix = keys.holders(sha256)
  let from = prefix
  for (let seeks = 0; seeks < SEARCH_LIMIT; seeks++) {
    const [holder] = await parts.metadata.range({ prefix, from, limit: 1 })
    if (holder === undefined) return false
    const held = readHolderKey(holder.key)
    const { project } = held
    // What holds the registry's own content, such as indexes of layers, is no project: nobody mounts from there.
    const isReadable = isProjectName(project) && (await mayRead(project))
    if (isReadable && (await isOfThisProject(parts.metadata, held)))
      return linkContent(parts, request, sha256)
    from = isReadable ? keyAfter(holder.key) : keyAfterPrefix(keys.holdersInProject(sha256, project))
  }
  return false
}

async function contentOf(parts: RegistryParts, digest: Digest): Promise<Digest | undefined> {
  if (digestAlgorithm(digest) === 'sha256') return digest
  const [alias] = await parts.metadata.read([keys.alias(digest)])
  return alias && aliasCodec.decode(alias.value).sha256
}

/** The blob must exist at the commit: the collector may have taken it since it was found. */
async function linkContent(parts: RegistryParts, request: MountRequest, sha256: Digest): Promise<boolean> {
  const { name, digest, account } = request
  const size = await transact(parts.metadata, async (transaction: Transaction) => {
    const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))
    if (blob === undefined || blob.value.quarantined !== undefined) return undefined
    const repository = await ensureRepository(transaction, name, {
      account,
      now: parts.now(),
      ensureProject: parts.ensureProject,
    })
    await writeLink(transaction, parts, { name, repo: repository.id, digest, sha256, size: blob.value.size })
    return blob.value.size
  })
  if (size === undefined) return false
  parts.meter.mounts += 1
  parts.meter.mountedBytes += size
  return true
}
