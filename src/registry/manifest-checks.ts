import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestAlgorithm } from '../oci/digest.ts'
import type { ParsedManifest } from '../oci/manifest.ts'
import { isNonDistributable } from '../oci/media-type.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'

/** What a manifest refers to, with or without which it may be pushed. */
interface References {
  readonly required: readonly Digest[]
  readonly optional: readonly Digest[]
}

/**
 * distribution-spec "Pushing Manifests": a registry may refuse an image whose blobs it lacks. It does not for layers
 * that are not distributed here, nor for entries of an index (sparse indexes), nor for digests of another algorithm than
 * sha256: the same bytes may be here under their sha256.
 */
function referencesOf(manifest: ParsedManifest, allowSparse: boolean): References {
  const required: Digest[] = []
  const optional: Digest[] = []
  const sort = ({ digest }: Descriptor, needed: boolean): void => {
    if (digest === undefined) return
    const list = needed && digestAlgorithm(digest) === 'sha256' ? required : optional
    list.push(digest)
  }
  if (manifest.config !== undefined) sort(manifest.config, !allowSparse)
  for (const layer of manifest.layers)
    sort(layer, !allowSparse && !layer.hasUrls && !isNonDistributable(layer.mediaType))
  for (const child of manifest.manifests) sort(child, false)
  return { required: [...new Set(required)], optional: [...new Set(optional)] }
}

/**
 * Checks at the commit that everything the manifest relies on is still here. Gives the digests that its edges lead to:
 * missing optional ones too, so that they are kept once they come. Throws one MANIFEST_BLOB_UNKNOWN for each missing blob.
 */
export async function checkReferences(
  transaction: Transaction,
  repo: RepositoryId,
  manifest: ParsedManifest,
  allowSparse: boolean,
): Promise<readonly Digest[]> {
  const { required, optional } = referencesOf(manifest, allowSparse)
  const all = [...required, ...optional]
  const here = await linkStates(transaction, repo, all)
  // Only an index refers to manifests.
  const children = manifest.kind === 'index' ? all : []
  const manifests = await transaction.present(children.map((digest) => keys.manifest(repo, digest)))
  const missing: RegistryError[] = []
  for (const [index, digest] of all.entries()) {
    if (manifests[index] === true) transaction.checkExists(keys.manifest(repo, digest))
    else if (here[index] === 'usable') transaction.checkExists(keys.link(repo, digest))
    else if (index < required.length) missing.push(missingBlob(digest, here[index] === 'damaged'))
  }
  if (missing.length > 0) throw allMissing(missing)
  return all
}

/** Whether each digest is linked here, and its content not quarantined. */
async function linkStates(
  transaction: Transaction,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<('usable' | 'damaged' | 'missing')[]> {
  const links = await transaction.getMany(
    linkCodec,
    digests.map((digest) => keys.link(repo, digest)),
  )
  const blobs = await transaction.getMany(
    blobCodec,
    links.map((link, index) => keys.blob(link?.sha256 ?? fallback(digests, index))),
  )
  return links.map((link, index) => {
    const blob = blobs[index]
    if (link === undefined || blob === undefined) return 'missing'
    return blob.quarantined === undefined ? 'usable' : 'damaged'
  })
}

/** Keeps the two lists side by side where a link is missing; its answer does not matter then. */
function fallback(digests: readonly Digest[], index: number): Digest {
  const digest = digests[index]
  if (digest === undefined) throw new TypeError(`no digest at ${index}`)
  return digest
}

function missingBlob(digest: Digest, isDamaged: boolean): RegistryError {
  const why = isDamaged
    ? 'whose stored bytes are damaged; push it again, that replaces them'
    : 'which is not in this repository; push it first'
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: `the manifest refers to ${digest}, ${why}`,
    detail: { digest },
  })
}

function allMissing(errors: readonly RegistryError[]): RegistryError {
  const [first, ...rest] = errors.slice(0, 100)
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    ...(first?.detail && { detail: first.detail, message: first.message }),
    also: rest,
  })
}
