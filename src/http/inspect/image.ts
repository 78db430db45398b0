import { setImmediate } from 'node:timers/promises'
import { artifactTypeOf, type Image, loadImage, promisesFiles } from '../../inspect/image.ts'
import { diffIdProblem, type KnownLayer, knownLayers } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { mapFew } from '../../inspect/map-few.ts'
import type { Count } from '../../inspect/repositories.ts'
import { joinSteps, type LayerStep, type Step } from '../../inspect/steps.ts'
import { UserCounts } from '../../inspect/user-counts.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatImageReference } from '../../oci/image-reference.ts'
import { answer } from '../api/answers.ts'
import type { Handler } from '../exchange.ts'
import { imageParam, textParam } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/**
 * Layers of an image whose users are counted, and that a look at it has indexed: each takes a look or a commit of its own.
 * Engines mount 127 at most.
 */
const LOOKED_INTO = 500
/** Steps that are shown and written in one turn of the event loop. */
const ONE_TURN = 1000

/** What is known of a layer: the state of its index, and who else has it. */
interface LayerNews extends KnownLayer {
  readonly users: Count | undefined
}

/** F1, F2: an image as its build steps, each with the layer that it made. A look at it has its layers indexed. */
export function getImage(parts: InspectHttpParts): Handler {
  const counts = new UserCounts(parts.metadata)
  return async (exchange) => {
    const ref = imageParam(exchange.query.get('ref') ?? '')
    const image = await loadImage(parts.source, ref, textParam(exchange, 'platform'))
    const layers = await knownLayers(parts.metadata, parts.indexes, image)
    await requestIndexes(parts, layers)
    const readable = mayRead(parts, exchange)
    const who = JSON.stringify([exchange.caller.identity, exchange.caller.scope])
    const users = await usersOf(layers, (sha256) => counts.of(sha256, who, readable))
    const news = layers.map((layer) => ({ ...layer, users: layer.sha256 && users.get(layer.sha256) }))
    // An image of ten thousand steps is megabytes of JSON: they are written in a turn of their own.
    const shown = showImage(image, news)
    if (shown.steps.length > ONE_TURN) await setImmediate()
    return answer(200, shown)
  }
}

/** Of the first layers. Asked once for each content: an image may have the same layer thousands of times. */
async function usersOf(
  layers: readonly KnownLayer[],
  count: (sha256: Digest) => Promise<Count> | Count,
): Promise<ReadonlyMap<Digest, Count>> {
  const contents = [...new Set(layers.flatMap(({ sha256 }) => sha256 ?? []))]
  const counts = await mapFew(
    contents.slice(0, LOOKED_INTO),
    async (sha256) => [sha256, await count(sha256)] as const,
  )
  return new Map(counts)
}

/** Queues what nobody has looked into yet; of very much, the first part. */
export async function requestIndexes(
  { indexer }: InspectHttpParts,
  layers: readonly KnownLayer[],
): Promise<void> {
  const unknown = layers.flatMap(({ sha256, state }) => (state.state === 'none' ? (sha256 ?? []) : []))
  for (const sha256 of [...new Set(unknown)].slice(0, LOOKED_INTO)) await indexer.request(sha256)
}

function showImage(image: Image, news: readonly LayerNews[]) {
  const { name, tag, digest, mediaType, manifest, config, platform, index } = image
  const { steps, warnings } = joinSteps(config, manifest.layers)
  const artifactType = artifactTypeOf(image)
  return {
    ref: formatImageReference({ name, reference: { kind: 'digest', digest } }),
    repository: name,
    tag: tag ?? null,
    digest,
    mediaType,
    artifactType: artifactType ?? null,
    platform: platform ?? null,
    index:
      index === undefined ? null : { digest: index.digest, platforms: index.entries.flatMap(platformOf) },
    created: config?.created ?? null,
    author: config?.author ?? null,
    config: config === undefined ? null : { digest: manifest.config?.text, ...config.run },
    steps: steps.map((step, at) => showStep(step, at, news)),
    totals: totalsOf(image, news),
    // That an artifact has no config of an image is as it should be.
    warnings: [
      ...(config === undefined && artifactType !== undefined ? [] : warnings),
      ...layerWarnings(image, news),
    ],
  }
}

function platformOf({ platform, digest, attests }: NonNullable<Image['index']>['entries'][number]) {
  return platform === undefined || attests !== undefined ? [] : [{ platform, digest }]
}

function showStep(step: Step, at: number, news: readonly LayerNews[]) {
  return {
    step: at,
    instruction: step.instruction,
    class: step.class,
    createdBy: step.createdBy ?? null,
    created: step.created ?? null,
    comment: step.comment ?? null,
    layer:
      step.layer === undefined
        ? null
        : { ...showLayer(step.layer, news), users: news[step.layer.index]?.users ?? null },
  }
}

/** A layer at its place, with what its index knows, if it has one. */
export function showLayer(
  { index, descriptor, diffId, chainId, cumulative }: LayerStep,
  layers: readonly KnownLayer[],
) {
  const state = layers[index]?.state ?? { state: 'none' as const }
  const record = recordIn(state)
  const whole = record?.state === 'done'
  return {
    index,
    digest: descriptor.text,
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    cumulativeSize: cumulative,
    diffId: diffId ?? null,
    chainId: chainId ?? null,
    external: isElsewhere(descriptor, layers[index]),
    unpacked: whole ? record.unpacked : null,
    files: whole ? record.files : null,
    state: state.state,
  }
}

function totalsOf({ manifest }: Image, news: readonly LayerNews[]) {
  const records = news.map(({ state }) => recordIn(state))
  const whole = records.every((record) => record?.state === 'done')
  const sum = (of: 'unpacked' | 'files') => records.reduce((total, record) => total + (record?.[of] ?? 0), 0)
  const sizes = (elsewhere: boolean) =>
    manifest.layers.reduce(
      (total, layer, index) => (isElsewhere(layer, news[index]) === elsewhere ? total + layer.size : total),
      0,
    )
  return {
    layers: manifest.layers.length,
    size: sizes(false),
    externalSize: sizes(true),
    unpacked: whole ? sum('unpacked') : null,
    files: whole ? sum('files') : null,
  }
}

/** Whether a layer has addresses elsewhere, and no bytes here. */
function isElsewhere({ hasUrls }: Descriptor, known: KnownLayer | undefined): boolean {
  return hasUrls && known?.sha256 === undefined
}

/** In words for people, who count layers from 1. */
function layerWarnings({ config, manifest: { layers } }: Image, news: readonly LayerNews[]): string[] {
  return layers.flatMap((layer, index) => {
    const state = news[index]?.state ?? { state: 'none' }
    const record = recordIn(state)
    const mismatch = diffIdProblem(config?.diffIds[index], state)
    const isEncrypted = layer.mediaType.endsWith('+encrypted')
    const isNoArchive = record?.state === 'unsupported' && (isEncrypted || !promisesFiles(layer))
    return [
      ...(isEncrypted ? ['is encrypted: nothing of what is in it can be shown'] : []),
      ...(isElsewhere(layer, news[index]) ? ['is kept elsewhere; its addresses are never fetched'] : []),
      ...(record?.reason === undefined || isNoArchive ? [] : [`is ${record.state}: ${record.reason}`]),
      ...(mismatch === undefined ? [] : [mismatch]),
    ].map((warning) => `layer ${index + 1} of ${layers.length} ${warning}`)
  })
}
