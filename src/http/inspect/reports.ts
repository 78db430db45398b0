import { z } from 'zod'
import { type Comparison, compareFiles, type FileDifference } from '../../inspect/compare.ts'
import { type Deduplication, deduplicationOf } from '../../inspect/dedup.ts'
import { displayName } from '../../inspect/display-name.ts'
import type { Image } from '../../inspect/image.ts'
import { wholeReadersOf, whyNotWhole } from '../../inspect/image-layers.ts'
import { filesToMove, type Moved, planPull } from '../../inspect/pull-plan.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer } from '../api/answers.ts'
import { readPage } from '../api/page.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import { LAYER_LIMIT, type Loaded, loadEach } from './analyze.ts'
import { unchanged } from './caching.ts'
import { cursorParam, nextCursor, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { caching, pinnedRef, type Ready, ready } from './ready-image.ts'
import { Remembered } from './remembered.ts'
import { SharedWork } from './shared-work.ts'

/** Of all comparisons that are remembered; a hundred bytes each. */
const REMEMBERED_DIFFERENCES = 150_000

const CLASSES = ['added', 'removed', 'changed', 'metadata', 'renamed'] as const

/** F11: two images against each other: layers, configuration, files. */
export function compareImages(parts: InspectHttpParts): Handler {
  const known = new Remembered<Comparison>({
    items: ({ differences }) => differences.length,
    mostItems: REMEMBERED_DIFFERENCES,
  })
  return async (exchange) => {
    const { query } = exchange
    const refs = [query.get('a') ?? '', query.get('b') ?? '']
    const [a, b] = await bothOf(parts, exchange, refs)
    const cache = caching(refs, [a, b])
    if (cache !== undefined && unchanged(exchange, cache)) return { status: 304, headers: cache }
    const key = `${a.key} | ${b.key}`
    const readers = (one: Ready) => wholeReadersOf(parts.indexes, one.layers)
    const compared = await known.of(key, () =>
      parts.wholeReads(exchange, async () => compareFiles(await readers(a), await readers(b))),
    )
    const view = {
      a: { ref: pinnedRef(a.image), missing: a.missing },
      b: { ref: pinnedRef(b.image), missing: b.missing },
      layers: layerSets(a.image, b.image),
      config: configDifferences(a.image, b.image),
      files: compared.tallies,
      truncated: compared.truncated,
      ...differencePage(exchange, compared.differences),
    }
    return answer(200, view, cache)
  }
}

/** Layers of all images together that one answer is made of. */
const LAYERS_TOGETHER = 80_000

/** Of a few images each may have as many as a manifest has room for. */
function layersOfEach(refs: readonly string[]): number {
  return Math.max(LAYER_LIMIT, Math.floor(LAYERS_TOGETHER / refs.length))
}

async function bothOf(
  parts: InspectHttpParts,
  exchange: Exchange,
  refs: readonly string[],
): Promise<[Ready, Ready]> {
  const loaded = await loadEach(parts, exchange, {
    refs,
    platform: textParam(exchange, 'platform'),
    layers: layersOfEach(refs),
  })
  const [a, b] = await Promise.all(loaded.map((one) => ready(parts, required(one))))
  if (a === undefined || b === undefined) throw new TypeError('two images were asked for')
  return [a, b]
}

/** Throws why the image is not there. */
function required({ ref, image, error }: Loaded): Image {
  if (image !== undefined) return image
  const code = error?.code ?? 'MANIFEST_UNKNOWN'
  throw new RegistryError(code, { message: error?.message ?? `there is no image '${ref}'` })
}

function layerSets(a: Image, b: Image) {
  const show = ({ text, size }: { readonly text: string; readonly size: number }) => ({ digest: text, size })
  const [left, right] = [a, b].map(({ manifest }) => new Set(manifest.layers.map(({ text }) => text)))
  return {
    shared: b.manifest.layers.filter(({ text }) => left?.has(text) === true).map(show),
    onlyA: a.manifest.layers.filter(({ text }) => right?.has(text) !== true).map(show),
    onlyB: b.manifest.layers.filter(({ text }) => left?.has(text) !== true).map(show),
  }
}

/** Fields of the configuration that differ, as JSON texts. */
function configDifferences(a: Image, b: Image) {
  const fields = (image: Image) =>
    new Map(Object.entries({ ...image.config?.run, created: image.config?.created }))
  const [left, right] = [fields(a), fields(b)]
  const names = [...new Set([...left.keys(), ...right.keys()])]
  return names.flatMap((field) => {
    const [before, after] = [left.get(field) ?? null, right.get(field) ?? null]
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, a: before, b: after }]
  })
}

function differencePage(exchange: Exchange, all: readonly FileDifference[]) {
  const { limit } = readPage(exchange.query)
  const wanted = exchange.query.get('class')
  if (wanted !== null && !CLASSES.some((one) => one === wanted))
    throw new RegistryError('REQUEST_INVALID', {
      message: `class takes one of ${CLASSES.join(', ')}`,
      detail: { field: 'class' },
    })
  const chosen = wanted === null ? all : all.filter((one) => one.class === wanted)
  const sorted =
    exchange.query.get('sort') === 'size'
      ? [...chosen].sort((one, two) => Math.abs(two.delta) - Math.abs(one.delta))
      : chosen
  const start = Number(cursorParam(exchange)) || 0
  const page = sorted.slice(start, start + limit)
  const more = start + limit < sorted.length
  return { entries: page.map(showDifference), ...nextCursor(more ? String(start + limit) : undefined) }
}

function showDifference({ path, class: kind, from, before, after, delta }: FileDifference) {
  const { text, raw } = displayName(path)
  const entry = after ?? before
  return {
    path: text,
    ...(raw !== undefined && { pathRaw: raw }),
    class: kind,
    type: entry?.kind,
    ...(from !== undefined && { from: displayName(from).text }),
    sizeBefore: before?.size ?? null,
    sizeAfter: after?.size ?? null,
    delta,
    ...(after && { mode: after.mode }),
  }
}

const pullBody = z.strictObject({
  have: z.array(z.string().max(500)).max(100),
  want: z.string().max(500),
  platform: z.string().max(100).optional(),
})

/** F15: what a machine that has some images moves to get another. */
export function getPullPlan(parts: InspectHttpParts): Handler {
  const moving = new SharedWork<Moved | undefined>()
  return async (exchange) => {
    const { have, want, platform } = await readJson(exchange.request, pullBody)
    const refs = [want, ...have]
    const loaded = await loadEach(parts, exchange, { refs, platform, layers: layersOfEach(refs) })
    const [target, ...owned] = await Promise.all(loaded.map((one) => ready(parts, required(one))))
    if (target === undefined) throw new TypeError('an image was asked for')
    const plan = planPull(
      owned.map(({ image }) => image),
      target.image,
    )
    const all = [target, ...owned]
    const known =
      all.every(({ missing }) => missing.length === 0) &&
      whyNotWhole(all.map(({ layers }) => layers)) === undefined
    const readers = (one: Ready) => wholeReadersOf(parts.indexes, one.layers)
    const files = known
      ? await moving.of(JSON.stringify(all.map(({ key }) => key)), () =>
          parts.wholeReads(exchange, async () =>
            filesToMove(await Promise.all(owned.map(readers)), await readers(target)),
          ),
        )
      : undefined
    return answer(200, {
      want: pinnedRef(target.image),
      have: owned.map(({ image }) => pinnedRef(image)),
      layer: plan.layer,
      chain: plan.chain,
      config: plan.config,
      chunked: null,
      files: files ?? null,
      layers: plan.layers.map(({ descriptor, kept, keptInChain }) => ({
        digest: descriptor.text,
        size: descriptor.size,
        kept,
        keptInChain,
      })),
    })
  }
}

/** F17: what deduplication saves in a project. */
export function getDeduplication({ metadata, indexes, wholeReads }: InspectHttpParts): Handler {
  const counting = new SharedWork<Deduplication>()
  return async (exchange) => {
    const project = exchange.params['project'] ?? ''
    const counted = await counting.of(project, () =>
      wholeReads(exchange, () => deduplicationOf(metadata, indexes, project)),
    )
    return answer(200, { project, ...counted })
  }
}
