import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { manifestKind } from '../oci/media-type.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import type { ArchivedImage } from './archived-image.ts'
import { ContentIntake, type IntakeParts } from './content-intake.ts'
import { ArchivedPush } from './push-archived.ts'
import { type OnContent, type ReadArchive, readArchive } from './read-archive.ts'
import { readDockerImages } from './read-docker-images.ts'
import { readLayoutImages } from './read-layout-images.ts'
import { refused } from './refused.ts'
import type { ImportTarget } from './target.ts'

/** An image as it can be pulled now. */
export interface ImportedImage {
  readonly digest: Digest
  readonly mediaType: string
  readonly tags: readonly Tag[]
}

/**
 * Takes the images of an archive, an OCI layout or a docker archive, into one repository while it streams by. What came
 * whole stays when the rest fails, until it is collected: so an archive that is sent again goes on where it broke off.
 * Throws REQUEST_INVALID for what an archive of images may not be, and what pushes throw.
 */
export async function importArchive(
  parts: IntakeParts,
  target: ImportTarget,
  bytes: AsyncIterable<Uint8Array>,
  onContent: OnContent,
): Promise<readonly ImportedImage[]> {
  const intake = new ContentIntake(parts, target)
  const archive = await readArchive(bytes, intake, onContent)
  const images = chosen(await imagesOf(archive, intake), target)
  await parts.stillAllowed()
  const push = new ArchivedPush(parts, { target, archive, intake })
  for (const image of images) await push.push(image, image.tags)
  return images.map(({ digest, mediaType, tags }) => ({ digest, mediaType, tags }))
}

async function imagesOf(archive: ReadArchive, intake: ContentIntake): Promise<ArchivedImage[]> {
  const layout = archive.lists.get('index.json')
  const docker = archive.lists.get('manifest.json')
  if (layout !== undefined) {
    const images = readLayoutImages(archive, layout)
    // Docker names an index of all platforms though it saved one: its other list has that one.
    if (docker === undefined || images.every((image) => isWhole(archive, image))) return images
  }
  if (docker !== undefined) return readDockerImages(archive, intake, docker)
  throw refused(
    'it has neither index.json nor manifest.json at its top, so it is no image; `docker save`, `podman save`, `skopeo copy` to oci-archive: and `crane pull` write archives that have one',
  )
}

function isWhole({ manifests }: ReadArchive, { bytes, mediaType }: ArchivedImage): boolean {
  const parsed = parseManifest(bytes, manifestKind(mediaType) === undefined ? '' : mediaType)
  if (typeof parsed === 'string') throw new RegistryError('MANIFEST_INVALID', { message: parsed })
  return parsed.manifests.every(({ digest }) => digest !== undefined && manifests.has(digest))
}

/** Throws REQUEST_INVALID when one tag is asked for and the archive holds several images. */
function chosen(images: readonly ArchivedImage[], { tag }: ImportTarget): ArchivedImage[] {
  const [first, ...others] = images
  if (first === undefined) throw refused('it holds no image')
  if (tag === undefined) return [...images]
  if (others.length === 0) return [{ ...first, tags: [tag] }]
  const names = images.map(({ digest, tags }) => tags[0] ?? digest).slice(0, 10)
  throw refused(
    `it holds ${images.length} images (${names.join(', ')}), which cannot all become '${tag}'; name the repository alone, then each keeps its own tag`,
  )
}
