import { inParts } from '../../storage/metadata/in-parts.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { pagesOf } from '../records/pages.ts'

/** Content by the name that does not depend on how it was pushed. */
export interface Content {
  readonly sha256: Digest
  readonly size: number
}

/** What each digest leads to in a repository, in their order; undefined for manifests and for what is not here. */
export function readContents(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
): Promise<readonly (Content | undefined)[]> {
  return inParts(digests, (some) => contentsOf(metadata, repo, some))
}

async function contentsOf(metadata: MetadataStore, repo: RepositoryId, digests: readonly Digest[]) {
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

/** Manifests whose contents are read in one go, and of how many contents, but for those of one manifest. */
const AT_ONCE = 32
const CONTENTS_AT_ONCE = 2000

/** A manifest with what it refers to, as far as that is here and is no manifest. */
interface Counted {
  readonly manifest: ManifestRecord
  readonly contents: readonly Content[]
}

/** For each manifest of a repository its contents. What several refer to is mostly read once. */
export async function* contentsOfEach(metadata: MetadataStore, repo: RepositoryId): AsyncGenerator<Counted> {
  for await (const page of pagesOf(metadata, { prefix: keys.manifests(repo), limit: AT_ONCE }))
    yield* contentsOfPage(
      metadata,
      repo,
      page.map(({ value }) => value),
    )
}

async function* contentsOfPage(
  metadata: MetadataStore,
  repo: RepositoryId,
  stored: readonly Uint8Array[],
): AsyncGenerator<Counted> {
  for (let at = 0; at < stored.length; ) {
    const manifests = decodeSome(stored, at)
    at += manifests.length
    const digests = [...new Set(manifests.flatMap(({ children }) => children))]
    const found = await readContents(metadata, repo, digests)
    const byDigest = new Map(digests.map((digest, index) => [digest, found[index]]))
    for (const manifest of manifests)
      yield { manifest, contents: manifest.children.flatMap((digest) => byDigest.get(digest) ?? []) }
  }
}

/** Records of manifests from `start` on: of as many as refer to no more than can be read in one go, one at least. */
export function decodeSome(stored: readonly Uint8Array[], start: number): ManifestRecord[] {
  const manifests: ManifestRecord[] = []
  let contents = 0
  for (const value of stored.slice(start)) {
    const manifest = manifestCodec.decode(value)
    contents += manifest.children.length
    if (manifests.length > 0 && contents > CONTENTS_AT_ONCE) break
    manifests.push(manifest)
  }
  return manifests
}

function sizeOf(value: Uint8Array | undefined): number | undefined {
  return value && blobCodec.decode(value).size
}
