import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'

/** Content by the name that does not depend on how it was pushed. */
export interface Content {
  readonly sha256: Digest
  readonly size: number
}

/** What each digest leads to in a repository, in their order; undefined for manifests and for what is not here. */
export async function readContents(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<(Content | undefined)[]> {
  const links = await metadata.read(digests.map((digest) => keys.link(repo, digest)))
  const names = links.map((stored) => stored && linkCodec.decode(stored.value).sha256)
  const known = [...new Set(names.filter((name) => name !== undefined))]
  const blobs = await metadata.read(known.map((name) => keys.blob(name)))
  const sizes = new Map(known.map((name, index) => [name, sizeOf(blobs[index]?.value)]))
  return names.map((sha256) => {
    const size = sha256 && sizes.get(sha256)
    return sha256 === undefined || size === undefined ? undefined : { sha256, size }
  })
}

function sizeOf(value: Uint8Array | undefined): number | undefined {
  return value && blobCodec.decode(value).size
}
