import { z } from 'zod'
import { type Digest, parseDigest } from '../oci/digest.ts'
import { manifestKind } from '../oci/media-type.ts'
import type { ImageConfig } from './image-config.ts'

/** One entry of an image index. */
export interface PlatformEntry {
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
  /** `linux/arm64/v8`; undefined when the entry does not say. */
  readonly platform: string | undefined
  readonly artifactType: string | undefined
  /** BuildKit's mark: this is an attestation about the entry of that digest. */
  readonly attests: Digest | undefined
}

const entry = z.object({
  digest: z.string(),
  mediaType: z.string().catch(''),
  size: z.number().catch(0),
  platform: z
    .object({ os: z.string(), architecture: z.string(), variant: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  artifactType: z.string().optional().catch(undefined),
  annotations: z.record(z.string(), z.string()).optional().catch(undefined),
})
const index = z.object({ manifests: z.array(z.unknown()) })

/** Entries of an index that are read. */
const ENTRY_LIMIT = 1000

/** The entries of the index in `bytes`, which was accepted as one; those that are no descriptors are left out. */
export function parsePlatforms(bytes: Uint8Array): PlatformEntry[] {
  const { manifests } = index.parse(JSON.parse(Buffer.from(bytes).toString()))
  return manifests.slice(0, ENTRY_LIMIT).flatMap((value) => {
    const parsed = entry.safeParse(value)
    const digest = parsed.success ? parseDigest(parsed.data.digest) : undefined
    if (!parsed.success || digest === undefined) return []
    const { mediaType, size, platform, artifactType, annotations } = parsed.data
    const attests = annotations?.['vnd.docker.reference.digest']
    return [
      {
        digest,
        mediaType,
        size,
        platform: platform && platformText(platform),
        artifactType,
        attests: attests === undefined ? undefined : parseDigest(attests),
      },
    ]
  })
}

/** `os/architecture` or `os/architecture/variant`. */
function platformText(platform: {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}): string {
  const { os, architecture, variant } = platform
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/')
}

/** The platform that an image's own config names; undefined when it names none. */
export function platformOfConfig(
  config: Pick<ImageConfig, 'os' | 'architecture' | 'variant'> | undefined,
): string | undefined {
  const { os, architecture, variant } = config ?? {}
  return os === undefined || architecture === undefined
    ? undefined
    : platformText({ os, architecture, variant })
}

/** Whether an image for `platform` is one for `wanted`, which may leave out the variant; engines take arm64 for its v8. */
export function suitsPlatform(platform: string, wanted: string): boolean {
  const asked = wanted.replace(/\/arm64\/v8$/, '/arm64')
  return platform === asked || platform.startsWith(`${asked}/`)
}

/**
 * The entry for `wanted`, which may leave out the variant. Without a wish: linux/amd64, else the first that is an image.
 */
export function choosePlatform(
  entries: readonly PlatformEntry[],
  wanted: string | undefined,
): PlatformEntry | undefined {
  const images = imagesOf(entries)
  if (wanted === undefined) return images.find((one) => one.platform === 'linux/amd64') ?? images[0]
  return images.find(({ platform }) => platform !== undefined && suitsPlatform(platform, wanted))
}

/** The entries that are images. */
export function imagesOf(entries: readonly PlatformEntry[]): PlatformEntry[] {
  return entries.filter(isImage)
}

/** Attestations are none, nor are the layers that BuildKit's caches name in an index. */
function isImage({ attests, platform, mediaType }: PlatformEntry): boolean {
  const isManifest = mediaType === '' || manifestKind(mediaType) !== undefined
  return isManifest && attests === undefined && platform !== 'unknown/unknown'
}
