import type { Handler } from '../exchange.ts'
import { pinnedBy, unchanged } from './caching.ts'
import { openLayer } from './file.ts'
import { inTime } from './in-time.ts'
import { layerOf } from './layer-index.ts'
import { partAsked, partReply } from './part-reply.ts'
import type { InspectHttpParts } from './parts.ts'

const PATIENCE_MS = 120_000

/** F23, F26: the bytes of a layer or another blob themselves: what an artifact or a config says. */
export function getLayerBytes(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const layer = await layerOf(parts, exchange)
    const cache = pinnedBy([layer])
    if (unchanged(exchange, cache)) return { status: 304, headers: cache }
    const size = (await parts.indexes.sizeOf(layer)) ?? 0
    const { offset, length } = partAsked(exchange, size)
    const bytes = Buffer.alloc(length)
    if (length > 0)
      await inTime(PATIENCE_MS, async (signal) => {
        const reader = await openLayer(parts, layer, { start: offset, end: offset + length })
        let at = 0
        await reader.pump((chunk) => {
          bytes.set(chunk, at)
          at += chunk.length
        }, signal)
      })
    return partReply(exchange, { bytes, offset, size, layer, cache })
  }
}
