import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { manifestKind } from '../oci/media-type.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { pushManifest } from '../registry/push-manifest.ts'
import type { ArchivedImage } from './archived-image.ts'
import type { ContentIntake, IntakeParts } from './content-intake.ts'
import type { ReadArchive } from './read-archive.ts'
import { refused } from './refused.ts'
import type { ImportTarget } from './target.ts'

/** Indexes within indexes. */
const DEPTH_LIMIT = 4

type Named = Pick<ArchivedImage, 'digest' | 'mediaType' | 'bytes'>

/** Pushes the manifests of an archive, what an index names before the index, by the way of every manifest. */
export class ArchivedPush {
  readonly #parts: IntakeParts
  readonly #target: ImportTarget
  readonly #archive: ReadArchive
  readonly #intake: ContentIntake
  readonly #pushed = new Set<Digest>()

  constructor(
    parts: IntakeParts,
    of: { readonly target: ImportTarget; readonly archive: ReadArchive; readonly intake: ContentIntake },
  ) {
    this.#parts = parts
    this.#target = of.target
    this.#archive = of.archive
    this.#intake = of.intake
  }

  /** Throws REQUEST_INVALID, and what a manifest PUT throws. */
  async push(manifest: Named, tags: readonly Tag[], depth = 0): Promise<void> {
    if (depth > DEPTH_LIMIT) throw refused(`its indexes nest deeper than ${DEPTH_LIMIT}`)
    const { digest, bytes, mediaType } = manifest
    const contentType = manifestKind(mediaType) === undefined ? '' : mediaType
    const parsed = parseManifest(bytes, contentType)
    if (typeof parsed === 'string') throw new RegistryError('MANIFEST_INVALID', { message: parsed })
    for (const child of parsed.manifests) await this.#pushChild(child, depth)
    for (const child of [...(parsed.config ? [parsed.config] : []), ...parsed.layers])
      await this.#keepBlob(child)
    const { name, account } = this.#target
    await pushManifest(this.#parts.registry, this.#parts.uploads, {
      name,
      account,
      bytes,
      contentType,
      digest,
      tags,
    })
  }

  /** One that is not in the archive may be in the repository; the index's own push finds out. */
  async #pushChild({ digest, mediaType }: Descriptor, depth: number): Promise<void> {
    const bytes = digest && this.#archive.manifests.get(digest)
    if (digest === undefined || bytes === undefined || this.#pushed.has(digest)) return
    this.#pushed.add(digest)
    await this.push({ digest, mediaType, bytes }, [], depth + 1)
  }

  /** A layer of an artifact may look like a manifest, and was then not stored when it passed. */
  async #keepBlob({ digest, size }: Descriptor): Promise<void> {
    const bytes = digest && this.#archive.manifests.get(digest)
    if (digest === undefined || bytes === undefined) return
    const content = (async function* () {
      yield await Promise.resolve(bytes)
    })()
    await this.#intake.take({ digest, size, content })
  }
}
