import { z } from 'zod'
import { type Digest, parseDigest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import { type ArchivedImage, tagIn } from './archived-image.ts'
import { parseDocument } from './parse-document.ts'
import type { ReadArchive } from './read-archive.ts'
import { refused } from './refused.ts'

const index = z.object({
  manifests: z
    .array(
      z.object({
        mediaType: z.string(),
        digest: z.string(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .max(1000),
})

/** image-spec "Image Layout", and what docker writes beside it. */
const NAMES = ['org.opencontainers.image.ref.name', 'io.containerd.image.name']

/** The images that `index.json` of an OCI layout names. Throws REQUEST_INVALID. */
export function readLayoutImages(archive: ReadArchive, bytes: Buffer): ArchivedImage[] {
  const images = new Map<Digest, ArchivedImage>()
  for (const { mediaType, digest: text, annotations } of parseDocument('index.json', bytes, index)
    .manifests) {
    const digest = parseDigest(text)
    const manifest = digest && archive.manifests.get(digest)
    if (digest === undefined || manifest === undefined)
      throw refused(`index.json names ${text.slice(0, 150)}, and the archive holds no such manifest`)
    const tags = NAMES.flatMap((key) => tagIn(annotations?.[key] ?? '') ?? [])
    // An image with several tags is named once for each.
    const all = new Set<Tag>([...(images.get(digest)?.tags ?? []), ...tags])
    images.set(digest, { digest, mediaType, bytes: manifest, tags: [...all] })
  }
  return [...images.values()]
}
