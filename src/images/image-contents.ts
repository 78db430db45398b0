import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'
import { isNonDistributable } from '../oci/media-type.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { getBlob, mayNotPush } from '../registry/blobs.ts'
import { getManifest, type ManifestView } from '../registry/manifests.ts'
import type { RegistryParts } from '../registry/parts.ts'
import type { ArchiveFile } from './write-archive.ts'

/** Bytes of all manifests of one archive, which are in memory while it is written. */
const MANIFESTS_LIMIT = 64 * 1024 * 1024

/** All that an image or an index of images refers to, each digest once, in the order in which it is referred to. */
export class ImageContents {
  readonly #registry: RegistryParts
  readonly #name: RepositoryName
  readonly #files = new Map<Digest, ArchiveFile['content']>()
  #manifestBytes = 0

  constructor(registry: RegistryParts, name: RepositoryName) {
    this.#registry = registry
    this.#name = name
  }

  files(): ArchiveFile[] {
    return [...this.#files].map(([digest, content]) => ({ path: blobPath(digest), content }))
  }

  /** Throws BLOB_UNKNOWN for content that is not here, unless the registry need not have it. */
  async add(manifest: ManifestView): Promise<void> {
    const { digest, mediaType } = manifest
    if (this.#files.has(digest)) return
    const bytes = await manifest.read()
    this.#manifestBytes += bytes.length
    if (this.#manifestBytes > MANIFESTS_LIMIT)
      throw new RegistryError('REQUEST_INVALID', {
        message: `its manifests have more than ${MANIFESTS_LIMIT} bytes together; export one platform at a time`,
      })
    this.#files.set(digest, bytes)
    const parsed = parseStored(bytes, mediaType)
    for (const child of parsed.manifests) await this.#addChild(child)
    for (const child of [...(parsed.config ? [parsed.config] : []), ...parsed.layers])
      await this.#addBlob(child)
  }

  /**
   * An index may name images that nobody pushed, of platforms that nobody wants, and what is no manifest: BuildKit's
   * caches name layers in one.
   */
  async #addChild({ digest }: Descriptor): Promise<void> {
    if (digest === undefined || this.#files.has(digest)) return
    const reference = { kind: 'digest', digest } as const
    const manifest = await orAbsent('MANIFEST_UNKNOWN', () =>
      getManifest(this.#registry, this.#name, reference, mayNotPush),
    )
    if (manifest !== undefined) return this.add(manifest)
    const blob = await orAbsent('BLOB_UNKNOWN', () => getBlob(this.#registry, this.#name, digest, mayNotPush))
    if (blob !== undefined) this.#files.set(digest, blob)
  }

  async #addBlob({ digest, mediaType }: Descriptor): Promise<void> {
    if (digest === undefined || this.#files.has(digest)) return
    const find = () => getBlob(this.#registry, this.#name, digest, mayNotPush)
    const blob = isNonDistributable(mediaType) ? await orAbsent('BLOB_UNKNOWN', find) : await find()
    if (blob !== undefined) this.#files.set(digest, blob)
  }
}

/** A manifest that was accepted as one. */
export function parseStored(bytes: Uint8Array, mediaType: string): ParsedManifest {
  const parsed = parseManifest(bytes, mediaType)
  if (typeof parsed === 'string') throw new RegistryError('MANIFEST_INVALID', { message: parsed })
  return parsed
}

/** image-spec "Blobs". */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}

async function orAbsent<Found>(
  code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN',
  find: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof RegistryError && error.code === code) return undefined
    throw error
  }
}
