import { setImmediate } from 'node:timers/promises'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { manifestKind } from '../oci/media-type.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { decodeSome, readContents } from './contents.ts'
import { platformsOfIndexes } from './platforms-of-indexes.ts'

/** What is known of an image without a look at its content. */
export interface Described {
  readonly mediaType: string
  readonly artifactType: string | undefined
  /** Of an index, the platforms that it says; what images say is in their configs. */
  readonly platforms: readonly string[] | undefined
  /** Bytes of the manifest and of what it refers to, each content once; of an index, of all its images. */
  readonly size: number
}

/** Contents of all images beyond which the others are long work. */
const MANY = 20_000
/** Records of manifests that are read in one go, and their bytes: each may have megabytes, and many ask at the same time. */
const AT_ONCE = 500
const BYTES = 4 << 20
/** Contents of images that are counted together beyond which the size of each is that of its first part. */
const MOST_CONTENTS = 300_000

/**
 * What is known of images, by the digests of their manifests; `whenMany` runs what is left where that is long work. None
 * of what they refer to is held any longer than it takes.
 */
export async function describeImages(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: readonly Digest[],
  whenMany: (work: () => Promise<void>) => Promise<void>,
): Promise<ReadonlyMap<Digest, Described>> {
  const described = new Map<Digest, Described>()
  let [at, contents] = [0, 0]
  const describe = async (most: number): Promise<void> => {
    while (at < digests.length && contents <= most) {
      const stored = await readManifests(metadata, repo, digests.slice(at))
      const here = digests.slice(at, at + stored.length).filter((_, index) => stored[index] !== undefined)
      at += stored.length
      const values = stored.flatMap((one) => one?.value ?? [])
      for (let from = 0; from < values.length; ) {
        const images = decodeSome(values, from)
        const sizes = await sizesOf(metadata, repo, images)
        const indexes = here.filter((_, index) => isIndex(images[index - from]))
        const platforms = await platformsOfIndexes(metadata, repo, indexes)
        for (const [index, { mediaType, artifactType, children }] of images.entries()) {
          const digest = here[from + index]
          contents += children.length
          if (digest === undefined) continue
          const size = sizes[index] ?? 0
          described.set(digest, { mediaType, artifactType, platforms: platforms.get(digest), size })
        }
        from += images.length
        await setImmediate()
      }
    }
  }
  await describe(MANY)
  if (at < digests.length) await whenMany(() => describe(Number.POSITIVE_INFINITY))
  return described
}

function isIndex(image: ManifestRecord | undefined): boolean {
  return image !== undefined && manifestKind(image.mediaType) === 'index'
}

/** Records of the first of them, one at least. */
function readManifests(metadata: MetadataStore, repo: RepositoryId, digests: readonly Digest[]) {
  const some = digests.slice(0, AT_ONCE)
  return metadata.read(
    some.map((digest) => keys.manifest(repo, digest)),
    BYTES,
  )
}

/** One level of children is enough: an index of indexes has its manifests counted, not their images. */
async function sizesOf(
  metadata: MetadataStore,
  repo: RepositoryId,
  images: readonly ManifestRecord[],
): Promise<number[]> {
  const parts = await partsOf(metadata, repo, new Set(images.flatMap(({ children }) => children)))
  const contentsOf = ({ children }: Part): Set<Digest> =>
    new Set(children.flatMap((child) => [child, ...(parts.get(child)?.children ?? [])]))
  const digests = [...new Set(images.flatMap((image) => [...contentsOf(image)]))]
  const found = await readContents(metadata, repo, digests)
  const byDigest = new Map(digests.map((digest, index) => [digest, found[index]]))
  return images.map((image) => {
    const unique = new Map<Digest, number>()
    for (const digest of contentsOf(image)) {
      const content = byDigest.get(digest)
      if (content !== undefined) unique.set(content.sha256, content.size)
    }
    const ofParts = image.children.reduce((sum, child) => sum + (parts.get(child)?.size ?? 0), image.size)
    return [...unique.values()].reduce((sum, one) => sum + one, ofParts)
  })
}

/** What counts of a manifest. */
type Part = Pick<ManifestRecord, 'size' | 'children'>

/** Those of the digests that are manifests here: mostly none. */
async function partsOf(
  metadata: MetadataStore,
  repo: RepositoryId,
  digests: ReadonlySet<Digest>,
): Promise<ReadonlyMap<Digest, Part>> {
  const left = [...digests]
  const parts = new Map<Digest, Part>()
  let contents = left.length
  for (let at = 0; at < left.length && contents < MOST_CONTENTS; ) {
    const some = await readManifests(metadata, repo, left.slice(at, at + AT_ONCE))
    for (const [index, stored] of some.entries()) {
      const digest = left[at + index]
      if (stored === undefined || digest === undefined) continue
      const { size, children } = manifestCodec.decode(stored.value)
      contents += children.length
      parts.set(digest, { size, children })
    }
    at += some.length
    // A store that answers at once gives nobody a turn.
    if (at < left.length) await setImmediate()
  }
  return parts
}
