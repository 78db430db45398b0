import { z } from 'zod'
import { type Grid, type GridNode, makeGrid } from '../../inspect/grid.ts'
import { type Image, loadImage } from '../../inspect/image.ts'
import { type KnownLayer, knownLayers } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { mapFew } from '../../inspect/map-few.ts'
import type { ErrorCode } from '../../oci/error-code.ts'
import { formatImageReference, parseImageReference } from '../../oci/image-reference.ts'
import { projectOf } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer } from '../api/answers.ts'
import { repositoryHidden } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import { showLayer } from './image.ts'
import { imageParam } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/** Images that one grid may have. */
const IMAGE_LIMIT = 100
/** Layers of an image up to which it is drawn: boxes lie in boxes, in the answer too. Engines mount 127 at most. */
export const LAYER_LIMIT = 500

const body = z.strictObject({
  images: z.array(z.string().max(500)).min(1).max(IMAGE_LIMIT),
  platform: z.string().max(100).optional(),
})

/** F3: images side by side, what they share on the same layers joined. One that is not there never hides the others. */
export function analyze(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { images: refs, platform } = await readJson(exchange.request, body)
    const loaded = await loadEach(parts, exchange, { refs, platform, layers: LAYER_LIMIT })
    const images = loaded.flatMap((one) => one.image ?? [])
    const layers = await mapFew(images, (image) => knownLayers(parts.metadata, parts.indexes, image))
    const errors = loaded.flatMap(({ ref, error }) => (error === undefined ? [] : [{ ref, ...error }]))
    return answer(200, { ...showGrid(makeGrid(images), { images, layers, loaded }), errors })
  }
}

/** An image that was asked for, or why it is not there. */
export interface Loaded {
  readonly ref: string
  readonly image?: Image
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly status: number }
}

interface Wanted {
  readonly refs: readonly string[]
  readonly platform?: string | undefined
  /** Layers that each may have: a hundred images of twenty thousand would fill the memory. */
  readonly layers: number
}

/** Loads images in the order of `refs`, with the caller's rights. */
export function loadEach(parts: InspectHttpParts, exchange: Exchange, wanted: Wanted): Promise<Loaded[]> {
  const readable = mayRead(parts, exchange)
  return mapFew(wanted.refs, async (ref): Promise<Loaded> => {
    try {
      const parsed = imageParam(ref)
      if (!(await readable(projectOf(parsed.name)))) throw repositoryHidden(parsed.name)
      return checked(ref, await loadImage(parts.source, parsed, wanted.platform), wanted.layers)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status >= 500) throw error
      return { ref, error: { code: error.code, message: error.message, status: error.status } }
    }
  })
}

function checked(ref: string, image: Image, most: number): Loaded {
  const layers = image.manifest.layers.length
  if (layers <= most) return { ref, image }
  const message = `it has ${layers} layers; of so many images together each may have ${most}: see it alone at /api/v1/image`
  return { ref, error: { code: 'UNSUPPORTED', message, status: 422 } }
}

interface Shown {
  readonly images: readonly Image[]
  /** Of each image. */
  readonly layers: readonly (readonly KnownLayer[])[]
  readonly loaded: readonly Loaded[]
}

function showGrid(grid: Grid, { images, layers, loaded }: Shown) {
  const asked = loaded.filter(({ image }) => image !== undefined).map(({ ref }) => ref)
  return {
    columns: grid.order.flatMap((column) => {
      const image = images[column]
      return image === undefined
        ? []
        : [showColumn(image, layers[column] ?? [], { asked: asked[column] ?? '', column })]
    }),
    roots: grid.roots.map((node) => showNode(node, layers)),
    totals: grid.totals,
  }
}

function showColumn(
  image: Image,
  layers: readonly KnownLayer[],
  { asked, column }: { readonly asked: string; readonly column: number },
) {
  const { name, tag, digest, platform, manifest } = image
  return {
    image: column,
    asked,
    ref: formatImageReference({ name, reference: { kind: 'digest', digest } }),
    repository: name,
    tag: tag ?? parsedTag(asked) ?? null,
    digest,
    platform: platform ?? null,
    layers: manifest.layers.length,
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
    unpacked: unpackedSum(layers),
  }
}

function parsedTag(asked: string): string | undefined {
  const reference = parseImageReference(asked)?.reference
  return reference?.kind === 'tag' ? reference.tag : undefined
}

/** Null while a layer's is not known. */
function unpackedSum(layers: readonly KnownLayer[]): number | null {
  const records = layers.map(({ state }) => recordIn(state))
  if (records.some((record) => record?.state !== 'done')) return null
  return records.reduce((sum, record) => sum + (record?.unpacked ?? 0), 0)
}

function showNode(node: GridNode, layers: Shown['layers']): object {
  return {
    chainId: node.layer.chainId ?? null,
    instruction: node.instruction,
    class: node.class,
    layer: showLayer(node.layer, layers[node.column] ?? []),
    subtreeSize: node.subtree,
    images: node.images,
    children: node.children.map((child) => showNode(child, layers)),
  }
}
