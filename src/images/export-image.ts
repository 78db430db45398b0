import { choosePlatform, parsePlatforms, platformOfConfig, suitsPlatform } from '../inspect/platforms.ts'
import { RecentConfigs } from '../inspect/recent-configs.ts'
import type { Digest } from '../oci/digest.ts'
import { formatImageReference, type ImageReference } from '../oci/image-reference.ts'
import { isNonDistributable, manifestKind } from '../oci/media-type.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { getBlob, mayNotPush } from '../registry/blobs.ts'
import { getManifest, type ManifestView } from '../registry/manifests.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { blobPath, ImageContents, parseStored } from './image-contents.ts'
import type { ArchiveFile } from './write-archive.ts'

/** `oci`: an image layout. `docker`: one image of it, with the list beside it that every `docker load` reads. */
export type ArchiveFormat = 'oci' | 'docker'

export interface ExportRequest {
  readonly ref: ImageReference
  readonly format: ArchiveFormat
  /** `linux/arm64` or `linux/arm64/v8`; undefined: all of an index, or for docker what docker would take. */
  readonly platform: string | undefined
}

/** What an archive of an image is made of, and what it is an archive of. */
export interface ExportedImage {
  readonly digest: Digest
  readonly files: readonly ArchiveFile[]
}

/**
 * Finds all that belongs to an image before the first byte leaves: the same image always gives the same archive. Throws
 * NAME_UNKNOWN, MANIFEST_UNKNOWN, BLOB_UNKNOWN, and REQUEST_INVALID for a platform that it has not.
 */
export async function exportImage(registry: RegistryParts, request: ExportRequest): Promise<ExportedImage> {
  const { ref, format } = request
  const named = await getManifest(registry, ref.name, ref.reference, mayNotPush)
  named.notePull()
  const root = await chosen(registry, request, named)
  const contents = new ImageContents(registry, ref.name)
  await contents.add(root)
  const files = [
    document('oci-layout', { imageLayoutVersion: '1.0.0' }),
    document('index.json', layoutIndex(root, ref)),
    ...(format === 'docker' ? [document('manifest.json', [await dockerEntry(root, ref)])] : []),
    ...contents.files(),
  ]
  return { digest: root.digest, files }
}

/** The manifest that the archive is of: what was named, or one image of an index. */
async function chosen(
  registry: RegistryParts,
  { ref, format, platform }: ExportRequest,
  named: ManifestView,
): Promise<ManifestView> {
  if (manifestKind(named.mediaType) !== 'index') {
    const own = platform === undefined ? undefined : await ownPlatform(registry, ref, named)
    if (platform === undefined || own === undefined || suitsPlatform(own, platform)) return named
    throw platformUnknown(
      `the image is one for ${own}, and not for ${platform}; export it without a platform`,
    )
  }
  if (format === 'oci' && platform === undefined) return named
  const entries = parsePlatforms(await named.read())
  const entry = choosePlatform(entries, platform)
  if (entry !== undefined)
    return getManifest(registry, ref.name, { kind: 'digest', digest: entry.digest }, mayNotPush)
  const known = entries.flatMap((one) => one.platform ?? []).join(', ')
  throw platformUnknown(
    `the index has no image for ${platform ?? 'docker'}; it has: ${known === '' ? 'none' : known}`,
  )
}

/** Undefined for what is no image, or does not say. */
async function ownPlatform(
  registry: RegistryParts,
  { name }: ImageReference,
  named: ManifestView,
): Promise<string | undefined> {
  const { config } = parseStored(await named.read(), named.mediaType)
  if (config?.digest === undefined) return undefined
  const configs = new RecentConfigs((of, digest) => getBlob(registry, of, digest, mayNotPush))
  return platformOfConfig(await configs.of(name, config.digest))
}

function platformUnknown(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message, detail: { field: 'platform' } })
}

/** image-spec "index.json": what the layout holds, under its tag. */
function layoutIndex(root: ManifestView, { name, reference }: ImageReference) {
  const { mediaType, digest, size } = root
  const annotations =
    reference.kind === 'tag'
      ? {
          'io.containerd.image.name': formatImageReference({ name, reference }),
          'org.opencontainers.image.ref.name': reference.tag,
        }
      : undefined
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType, digest, size, ...(annotations && { annotations }) }],
  }
}

/** Docker unpacks compressed layers by itself, so they leave as they are stored. */
async function dockerEntry(root: ManifestView, { name, reference }: ImageReference) {
  const { config, layers } = parseStored(await root.read(), root.mediaType)
  if (config?.digest === undefined || layers.some(({ mediaType }) => isNonDistributable(mediaType)))
    throw new RegistryError('REQUEST_INVALID', {
      message: 'this is no image that docker can load; ask for format=oci',
      detail: { field: 'format' },
    })
  return {
    Config: blobPath(config.digest),
    RepoTags: reference.kind === 'tag' ? [formatImageReference({ name, reference })] : [],
    Layers: layers.flatMap(({ digest }) => (digest === undefined ? [] : [blobPath(digest)])),
  }
}

function document(path: string, value: unknown): ArchiveFile {
  return { path, content: Buffer.from(JSON.stringify(value)) }
}
