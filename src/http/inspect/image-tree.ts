import { rawPath } from '../../inspect/display-name.ts'
import type { Image } from '../../inspect/image.ts'
import { type KnownLayer, readersOf } from '../../inspect/image-layers.ts'
import { type MergedEntry, mergedDirectory } from '../../inspect/merged-tree.ts'
import { joinSteps } from '../../inspect/steps.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer } from '../api/answers.ts'
import { readPage } from '../api/page.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { unchanged } from './caching.ts'
import { layersUpto } from './layers-upto.ts'
import { cursorParam, nextCursor, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { pinnedRef } from './ready-image.ts'
import { showEntry } from './show-entry.ts'

/** F6, F7: one directory of an image as its layers leave it up to one of them, and which of them wrote what. */
export function getImageTree(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { image, layers, missing, cache } = await layersUpto(parts, exchange)
    if (cache !== undefined && unchanged(exchange, cache)) return { status: 304, headers: cache }
    const page = await pageOf(parts, exchange, layers)
    const ref = pinnedRef(image)
    return answer(200, { ref, upto: layers.length - 1, missing, ...page(stepsOf(image)) }, cache)
  }
}

/** The step that made each layer. */
function stepsOf(image: Image): Map<number, number> {
  const { steps } = joinSteps(image.config, image.manifest.layers)
  return new Map(steps.flatMap(({ layer }, step) => (layer === undefined ? [] : [[layer.index, step]])))
}

/** The first layer of those whose changes are asked for. Throws REQUEST_INVALID. */
function sinceParam({ query }: Exchange, upto: number): number | undefined {
  const text = query.get('since')
  if (text === null) return undefined
  if (/^\d{1,6}$/.test(text) && Number(text) <= upto) return Number(text)
  throw new RegistryError('REQUEST_INVALID', {
    message: `since takes the index of a layer, from 0 to ${upto}`,
    detail: { field: 'since' },
  })
}

const STATES = new Set(['added', 'changed', 'metadata', 'removed', 'same'])

/** Reads one page; what it gives is shown once the steps are known. */
async function pageOf(parts: InspectHttpParts, exchange: Exchange, layers: readonly KnownLayer[]) {
  const { limit } = readPage(exchange.query)
  const wanted = wantedStates(exchange)
  const path = rawPath(textParam(exchange, 'path'), textParam(exchange, 'pathRaw'))
  const readers = await readersOf(parts.indexes, layers)
  const since = sinceParam(exchange, layers.length - 1)
  const directory = await mergedDirectory({ layers: readers, path, from: cursorParam(exchange), since })
  if (directory === undefined)
    throw new RegistryError('NAME_UNKNOWN', { message: 'there is no such directory in this image' })
  const found: MergedEntry[] = []
  let next: string | undefined
  for await (const merged of directory) {
    if (wanted !== undefined && !wanted.has(merged.state)) continue
    if (found.length === limit) {
      next = merged.entry.name
      break
    }
    found.push(merged)
  }
  return (steps: ReadonlyMap<number, number>) => ({
    entries: found.map((merged) => showMerged(merged, steps)),
    ...nextCursor(next),
  })
}

function wantedStates({ query }: Exchange): ReadonlySet<string> | undefined {
  const text = query.get('state')
  if (text === null || text === '') return undefined
  const wanted = text.split(',')
  if (wanted.every((state) => STATES.has(state))) return new Set(wanted)
  throw new RegistryError('REQUEST_INVALID', {
    message: `state takes ${[...STATES].join(', ')}, several joined by commas`,
    detail: { field: 'state' },
  })
}

function showMerged(
  { entry, layer, before, state, shipped }: MergedEntry,
  steps: ReadonlyMap<number, number>,
) {
  const { totals: _, ...shown } = showEntry(entry)
  return {
    ...shown,
    state,
    layer,
    step: steps.get(layer) ?? null,
    ...(before !== undefined && { beforeLayer: before, beforeStep: steps.get(before) ?? null }),
    ...(shipped && { shipped }),
  }
}
