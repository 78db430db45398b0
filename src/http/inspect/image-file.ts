import { rawPath } from '../../inspect/display-name.ts'
import { type KnownLayer, readersOf } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { linkedAt } from '../../inspect/merged-path.ts'
import type { Handler } from '../exchange.ts'
import { unchanged } from './caching.ts'
import { fileReply, noFile } from './file.ts'
import { notIndexed } from './layer-index.ts'
import { layersUpto } from './layers-upto.ts'
import { textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** F19: bytes of one file of an image, from whichever layer has them. Hard links are followed into layers below. */
export function getImageFile(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { layers, cache } = await layersUpto(parts, exchange)
    for (const { sha256, state } of layers)
      if (sha256 !== undefined && recordIn(state) === undefined) throw notIndexed(sha256, state)
    if (cache !== undefined && unchanged(exchange, cache)) return { status: 304, headers: cache }
    const path = rawPath(textParam(exchange, 'path'), textParam(exchange, 'pathRaw'))
    const found = await linkedAt(await readersOf(parts.indexes, layers), path)
    const { sha256, state } = layers[found?.layer ?? -1] ?? {}
    if (found?.entry.kind !== 'file' || sha256 === undefined) throw noFile(found?.entry, absent(layers))
    return fileReply(parts, exchange, { layer: sha256, record: recordIn(state), file: found.entry, cache })
  }
}

/** What cannot be read may have it. */
function absent(layers: readonly KnownLayer[]): string {
  const unread = layers.filter(({ state }) => state.state !== 'done').length
  return unread === 0
    ? 'there is no such file in this image'
    : `there is no such file as far as this image is read: ${unread} of its ${layers.length} layers cannot be read whole`
}
