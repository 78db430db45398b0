import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { ImageReference } from '../oci/image-reference.ts'
import { effectiveArtifactType, type ParsedManifest } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ImageConfig } from './image-config.ts'
import type { ImageSource, SourceManifest } from './image-source.ts'
import {
  choosePlatform,
  type PlatformEntry,
  parsePlatforms,
  platformOfConfig,
  suitsPlatform,
} from './platforms.ts'

/** Types of configs that are an image's, whatever they say. */
const IMAGE_CONFIG = /^application\/vnd\.(oci\.image\.config|docker\.container\.image)\./

/** How deep an index may lie in indexes. */
const NESTING = 4

/** One image: of an index, the one for a platform. */
export interface Image {
  readonly name: RepositoryName
  /** As it was asked for, when by tag. */
  readonly tag: string | undefined
  readonly digest: Digest
  readonly mediaType: string
  readonly manifest: ParsedManifest
  /** Undefined when there is none that can be read: an artifact, or a config that is no image config. */
  readonly config: ImageConfig | undefined
  readonly platform: string | undefined
  /** The index that it was chosen from. */
  readonly index: { readonly digest: Digest; readonly entries: readonly PlatformEntry[] } | undefined
}

/** Loads an image. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN, also when an index has nothing for the platform, or an image is of another. */
export async function loadImage(source: ImageSource, ref: ImageReference, platform?: string): Promise<Image> {
  const { name, reference } = ref
  const tag = reference.kind === 'tag' ? reference.tag : undefined
  const first = await source.manifest(name, reference)
  let found = first
  let manifest = await parse(source, found)
  let entry: PlatformEntry | undefined
  let outermost: readonly PlatformEntry[] | undefined
  for (let depth = 0; manifest.kind === 'index'; depth++) {
    const entries = parsePlatforms(found.bytes)
    outermost ??= entries
    entry = choosePlatform(entries, platform)
    if (entry === undefined || depth === NESTING) throw nothingFor(ref, platform)
    found = await source.manifest(name, { kind: 'digest', digest: entry.digest })
    manifest = await parse(source, found)
  }
  const config = await loadConfig(source, name, manifest)
  const own = entry?.platform ?? platformOfConfig(config)
  if (platform !== undefined && own !== undefined && !suitsPlatform(own, platform))
    throw otherPlatform(ref, own, platform)
  return {
    name,
    tag,
    digest: found.digest,
    mediaType: found.mediaType,
    manifest,
    config,
    platform: own,
    index: outermost && { digest: first.digest, entries: outermost },
  }
}

/** Types of layers that promise an archive of files. */
const ARCHIVE = /\btar\b|image\.(?:layer|rootfs)\b/

/** Whether a layer is an archive of files, as its type says. */
export function promisesFiles({ mediaType }: Pick<Descriptor, 'mediaType'>): boolean {
  return ARCHIVE.test(mediaType)
}

/**
 * The type of what is no image to run; undefined for images. Attestations of BuildKit and signatures of cosign have the
 * config of an image, for the sake of old registries: what they are their layers say.
 */
export function artifactTypeOf({ manifest, config }: Pick<Image, 'manifest' | 'config'>): string | undefined {
  const [first] = manifest.layers
  const ofLayers = manifest.layers.some(promisesFiles) ? undefined : first?.mediaType
  const type = config === undefined ? effectiveArtifactType(manifest) : (manifest.artifactType ?? ofLayers)
  return type === undefined || type === '' || IMAGE_CONFIG.test(type) ? undefined : type
}

async function parse(source: ImageSource, found: SourceManifest): Promise<ParsedManifest> {
  const manifest = await source.parse(found)
  if (typeof manifest !== 'string') return manifest
  throw new RegistryError('MANIFEST_INVALID', { message: `manifest ${found.digest}: ${manifest}` })
}

/** A config that is absent (sparse image), too long or something else is no reason to show nothing. */
async function loadConfig(
  source: ImageSource,
  name: RepositoryName,
  manifest: ParsedManifest,
): Promise<ImageConfig | undefined> {
  const { config } = manifest
  if (config?.digest === undefined || !/image|config/.test(config.mediaType)) return undefined
  try {
    const found = await source.config(name, config.digest)
    // Helm charts, modules of WebAssembly and others have configs of their own.
    const speaksOfLayers = found !== undefined && found.diffIds.length + found.history.length > 0
    return speaksOfLayers || IMAGE_CONFIG.test(config.mediaType) ? found : undefined
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'BLOB_UNKNOWN') return undefined
    throw error
  }
}

function nothingFor({ name }: ImageReference, platform: string | undefined): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `the index in '${name}' has no image${platform === undefined ? '' : ` for platform '${platform.slice(0, 100)}'`}; /api/v1/index lists what it has`,
  })
}

function otherPlatform({ name }: ImageReference, own: string, wanted: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `the image in '${name}' is one for ${own}, and not for '${wanted.slice(0, 100)}'; ask without a platform`,
  })
}
