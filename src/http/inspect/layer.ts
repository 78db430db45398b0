import { rawPath } from '../../inspect/display-name.ts'
import { type IndexEntry, isPlaced } from '../../inspect/layer/index-entry.ts'
import type { IndexReader } from '../../inspect/layer/index-reader.ts'
import { type LayerState, recordIn } from '../../inspect/layer/layer-indexes.ts'
import { nameOf, parentOf } from '../../inspect/tar/tar-path.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer, date } from '../api/answers.ts'
import { readPage } from '../api/page.ts'
import type { Handler } from '../exchange.ts'
import { fromLayerIndex, layerOf } from './layer-index.ts'
import { cursorParam, nextCursor, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { showEntry } from './show-entry.ts'

/** F27: how far the look inside a layer is, and what it found. */
export function getLayerIndex(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const layer = await layerOf(parts, exchange)
    return answer(200, await stateOf(parts, layer))
  }
}

/** Has a layer looked into again, whatever is known of it. */
export function rebuildLayerIndex(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const layer = await layerOf(parts, exchange)
    await parts.indexer.request(layer, true)
    return answer(202, await stateOf(parts, layer))
  }
}

async function stateOf({ indexes }: InspectHttpParts, layer: Digest) {
  const [state, size] = await Promise.all([indexes.state(layer), indexes.sizeOf(layer)])
  return showState(layer, size ?? 0, state)
}

function showState(layer: Digest, size: number, state: LayerState) {
  const record = recordIn(state)
  return {
    layer,
    size,
    state: state.state,
    ...(state.state === 'running' && { read: state.read }),
    ...(record?.reason !== undefined && { reason: record.reason }),
    ...(record && {
      at: date(record.at),
      compression: record.compression,
      ...(record.diffId && { diffId: record.diffId }),
      unpacked: record.unpacked,
      entries: record.entries,
      files: record.files,
      bytes: record.bytes,
      whiteouts: record.whiteouts,
      warnings: record.warnings,
      indexBytes: record.index?.size ?? 0,
    }),
  }
}

/** F5: one directory of one layer by name, with all that the layer says of it, whiteouts included. */
export function getLayerTree(parts: InspectHttpParts): Handler {
  return fromLayerIndex(parts, async (exchange, { layer, reader, cache }) => {
    const path = rawPath(textParam(exchange, 'path'), textParam(exchange, 'pathRaw'))
    const { limit } = readPage(exchange.query)
    const outside = exchange.query.get('outside') === 'true'
    const page = outside
      ? await outsidePage(reader, { from: cursorParam(exchange), limit })
      : await pageOf(reader, { path, from: cursorParam(exchange), limit })
    return answer(200, { layer, ...page }, cache)
  })
}

interface DirectoryPage {
  readonly path: string
  readonly from: string
  readonly limit: number
}

async function pageOf(reader: IndexReader, { path, from, limit }: DirectoryPage) {
  const entries: IndexEntry[] = []
  let next: string | undefined
  for await (const entry of reader.directory(path, from)) {
    if (entry.name === '') continue
    if (entries.length >= limit && entries.at(-1)?.name !== entry.name) {
      next = entry.name
      break
    }
    entries.push(entry)
  }
  const own = (await reader.at(parentOf(path), nameOf(path))).find(
    (entry) => entry.kind === 'dir' && isPlaced(entry),
  )
  if (own === undefined && path !== '')
    throw new RegistryError('NAME_UNKNOWN', { message: 'there is no such directory in this layer' })
  return {
    // The mark has no name.
    opaque: (await reader.at(path, '')).some(({ kind }) => kind === 'opaque'),
    totals: own?.totals ?? { bytes: 0, files: 0 },
    entries: entries.map(showEntry),
    ...nextCursor(next),
  }
}

/** What the layer holds that has no place in its tree. */
async function outsidePage(reader: IndexReader, { from, limit }: Omit<DirectoryPage, 'path'>) {
  const entries: IndexEntry[] = []
  let next: string | undefined
  for await (const entry of reader.outside(Number(from) || 0)) {
    if (entries.length === limit) {
      next = String(entry.order)
      break
    }
    entries.push(entry)
  }
  return {
    opaque: false,
    totals: { bytes: 0, files: 0 },
    entries: entries.map(showEntry),
    ...nextCursor(next),
  }
}
