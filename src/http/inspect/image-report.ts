import { loadImage } from '../../inspect/image.ts'
import { answer } from '../api/answers.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { unchanged } from './caching.ts'
import { imageParam, textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { caching, pinnedRef, type Ready, ready } from './ready-image.ts'

/** A report on the files of one image: its own part is made by `make`, unless the client has it already. */
export function imageReport(
  parts: InspectHttpParts,
  make: (found: Ready, exchange: Exchange) => Promise<object>,
): Handler {
  return async (exchange) => {
    const asked = exchange.query.get('ref') ?? ''
    const image = await loadImage(parts.source, imageParam(asked), textParam(exchange, 'platform'))
    const found = await ready(parts, image)
    const cache = caching([asked], [found])
    if (cache !== undefined && unchanged(exchange, cache)) return { status: 304, headers: cache }
    const own = await make(found, exchange)
    return answer(200, { ref: pinnedRef(image), missing: found.missing, ...own }, cache)
  }
}
