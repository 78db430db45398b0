import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ByteRange } from '../oci/byte-range.ts'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { OCI_MANIFEST } from '../oci/media-type.ts'
import type { BlobView } from '../registry/blobs.ts'
import { namedAs } from './archive-name.ts'
import { type ArchivedImage, tagIn } from './archived-image.ts'
import { compressionOf, MAGIC_BYTES } from './compression.ts'
import type { ContentIntake } from './content-intake.ts'
import { parseDocument } from './parse-document.ts'
import type { ArchivedContent, ReadArchive } from './read-archive.ts'
import { refused } from './refused.ts'

const IMAGE_LIMIT = 1000
const CONFIG_LIMIT = 4 * 1024 * 1024

/** Go writes an empty list as null, or not at all. */
const strings = z
  .array(z.string())
  .max(1000)
  .nullish()
  .transform((list) => list ?? [])

const list = z
  .array(
    z.object({
      Config: z.string(),
      RepoTags: z.array(z.string()).nullish(),
      Layers: strings,
    }),
  )
  .max(IMAGE_LIMIT)

const config = z.object({ rootfs: z.object({ diff_ids: strings }) })

const LAYER = 'application/vnd.oci.image.layer.v1.tar'
const LAYER_TYPES = { none: LAYER, gzip: `${LAYER}+gzip`, zstd: `${LAYER}+zstd` } as const

/**
 * The images of a docker archive. It has no manifests, so each is given one, of the layers exactly as they are in the
 * archive: the same archive always becomes the same image (docs/decisions/071). Throws REQUEST_INVALID.
 */
export async function readDockerImages(
  archive: ReadArchive,
  intake: ContentIntake,
  bytes: Buffer,
): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = []
  for (const entry of parseDocument('manifest.json', bytes, list)) {
    const layers: ArchivedContent[] = []
    for (const path of entry.Layers) layers.push(await placed(archive, intake, path))
    const configuration = await placed(archive, intake, entry.Config)
    await checkLayers(intake, configuration, layers)
    const tags = (entry.RepoTags ?? []).flatMap((name) => tagIn(name) ?? [])
    images.push({ ...manifestOf(configuration, layers), tags })
  }
  return images
}

async function placed(archive: ReadArchive, intake: ContentIntake, path: string): Promise<ArchivedContent> {
  const content = archive.contentAt(path) ?? (await leftOut(intake, path))
  if (content === undefined)
    throw refused(`manifest.json speaks of '${path.slice(0, 200)}', which is not in it`)
  return content
}

/** Content whose name is its digest may be left out of an archive when it is in the repository. */
async function leftOut(intake: ContentIntake, path: string): Promise<ArchivedContent | undefined> {
  const named = namedAs(path)
  const blob =
    named.kind === 'content' && named.digest !== undefined ? await intake.find(named.digest) : undefined
  if (blob === undefined) return undefined
  const { digest, size } = blob
  const magic = await readBlob(blob, { start: 0, end: Math.min(size, MAGIC_BYTES) - 1 })
  return { digest, size, state: 'present', compression: compressionOf(magic) }
}

/** The configuration says what the layers are unpacked; of those that are not compressed that is their digest. */
async function checkLayers(
  intake: ContentIntake,
  { digest, size }: ArchivedContent,
  layers: readonly ArchivedContent[],
): Promise<void> {
  if (size > CONFIG_LIMIT) throw refused(`the configuration ${digest} has more than ${CONFIG_LIMIT} bytes`)
  const { diff_ids } = parseDocument(
    'a configuration',
    await readContent(intake, digest, size),
    config,
  ).rootfs
  if (diff_ids.length !== layers.length)
    throw refused(`an image has ${layers.length} layers, and its configuration speaks of ${diff_ids.length}`)
  for (const [at, layer] of layers.entries())
    if (layer.compression === 'none' && layer.digest !== diff_ids[at])
      throw refused(`layer ${at + 1} has digest ${layer.digest}, and its configuration says ${diff_ids[at]}`)
}

async function readContent(intake: ContentIntake, digest: Digest, size: number): Promise<Buffer> {
  const blob = await intake.find(digest)
  if (blob === undefined) throw refused(`the configuration ${digest} was deleted meanwhile; send it again`)
  return readBlob(blob, { start: 0, end: size - 1 })
}

async function readBlob(blob: BlobView, range: ByteRange): Promise<Buffer> {
  const bytes = Buffer.alloc(range.end - range.start + 1)
  if (bytes.length === 0) return bytes
  let at = 0
  const reader = await blob.open(range)
  await reader.pump((chunk) => {
    bytes.set(chunk, at)
    at += chunk.length
  })
  return bytes
}

function manifestOf(
  configuration: ArchivedContent,
  layers: readonly ArchivedContent[],
): Omit<ArchivedImage, 'tags'> {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: configuration.digest,
      size: configuration.size,
    },
    layers: layers.map(({ digest, size, compression }) => ({
      mediaType: LAYER_TYPES[compression],
      digest,
      size,
    })),
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const digest = digestFromBytes('sha256', createHash('sha256').update(bytes).digest())
  return { digest, mediaType: OCI_MANIFEST, bytes }
}
