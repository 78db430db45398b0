import { readContents } from '../../inspect/contents.ts'
import { type Image, loadImage } from '../../inspect/image.ts'
import type { MayRead } from '../../inspect/parts.ts'
import type { Count } from '../../inspect/repositories.ts'
import { countUsers } from '../../inspect/sharing.ts'
import { joinSteps, type LayerStep, type Step } from '../../inspect/steps.ts'
import { repositoryId } from '../../inspect/tags.ts'
import { formatImageReference } from '../../oci/image-reference.ts'
import { answer } from '../api/answers.ts'
import type { Handler } from '../exchange.ts'
import { imageParam, textParam } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/** F1, F2: an image as its build steps, each with the layer that it made. */
export function getImage(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const ref = imageParam(exchange.query.get('ref') ?? '')
    const image = await loadImage(parts.source, ref, textParam(exchange, 'platform'))
    const users = await countLayerUsers(parts, image, mayRead(parts, exchange))
    return answer(200, showImage(image, users))
  }
}

/** For each layer: how many images the caller may see that have it, this one among them. */
async function countLayerUsers(
  { metadata }: InspectHttpParts,
  image: Image,
  readable: MayRead,
): Promise<(Count | undefined)[]> {
  const repo = await repositoryId(metadata, image.name)
  const digests = image.manifest.layers.flatMap(({ digest }) => digest ?? [])
  const contents = await readContents(metadata, repo, digests)
  const names = new Map(digests.map((digest, index) => [digest, contents[index]?.sha256]))
  return Promise.all(
    image.manifest.layers.map(async ({ digest }) => {
      const sha256 = digest && names.get(digest)
      return sha256 && countUsers(metadata, sha256, readable)
    }),
  )
}

function showImage(image: Image, users: readonly (Count | undefined)[]) {
  const { name, tag, digest, mediaType, manifest, config, platform, index } = image
  const { steps, warnings } = joinSteps(config, manifest.layers)
  const size = manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
  return {
    ref: formatImageReference({ name, reference: { kind: 'digest', digest } }),
    repository: name,
    tag: tag ?? null,
    digest,
    mediaType,
    artifactType: manifest.artifactType ?? null,
    platform: platform ?? null,
    index:
      index === undefined ? null : { digest: index.digest, platforms: index.entries.flatMap(platformOf) },
    created: config?.created ?? null,
    author: config?.author ?? null,
    config: config === undefined ? null : { digest: manifest.config?.text, ...config.run },
    steps: steps.map((step, at) => showStep(step, at, users)),
    totals: { layers: manifest.layers.length, size, unpacked: null, files: null },
    warnings,
  }
}

function platformOf({ platform, digest, attests }: NonNullable<Image['index']>['entries'][number]) {
  return platform === undefined || attests !== undefined ? [] : [{ platform, digest }]
}

function showStep(step: Step, at: number, users: readonly (Count | undefined)[]) {
  return {
    step: at,
    instruction: step.instruction,
    class: step.class,
    createdBy: step.createdBy ?? null,
    created: step.created ?? null,
    comment: step.comment ?? null,
    layer:
      step.layer === undefined ? null : { ...showLayer(step.layer), users: users[step.layer.index] ?? null },
  }
}

/** What is known of a layer without having looked inside. */
export function showLayer({ index, descriptor, diffId, chainId, cumulative }: LayerStep) {
  return {
    index,
    digest: descriptor.text,
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    cumulativeSize: cumulative,
    diffId: diffId ?? null,
    chainId: chainId ?? null,
    external: descriptor.hasUrls,
    unpacked: null,
    files: null,
    state: 'none',
  }
}
