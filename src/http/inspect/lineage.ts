import { loadImage } from '../../inspect/image.ts'
import { knownLayers } from '../../inspect/image-layers.ts'
import { type LineagePlace, lineageOf, type Relative } from '../../inspect/lineage.ts'
import { answer } from '../api/answers.ts'
import { readPage } from '../api/page.ts'
import type { Handler } from '../exchange.ts'
import { placeText, showUser, userPlace } from './layer-users.ts'
import { cursorParam, imageParam, nextCursor, textParam } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'
import { pinnedRef } from './ready-image.ts'

/** F14: what an image was built on, and what was built on it. */
export function getLineage(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const ref = imageParam(exchange.query.get('ref') ?? '')
    const after = placeOf(cursorParam(exchange))
    const image = await loadImage(parts.source, ref, textParam(exchange, 'platform'))
    const layers = await knownLayers(parts.metadata, parts.indexes, image)
    const { limit } = readPage(exchange.query)
    const lineage = await lineageOf(parts, image, { layers, mayRead: mayRead(parts, exchange), limit, after })
    const show = ({ shared, ...user }: Relative) => ({ ...showUser(user), shared })
    const { next } = lineage
    return answer(200, {
      ref: pinnedRef(image),
      bases: lineage.bases.map(show),
      derived: lineage.derived.map(show),
      partial: next !== undefined,
      ...nextCursor(next && [next.below, next.above].map((place) => place && placeText(place)).join('|')),
    })
  }
}

/** A side that is over has no place. Throws REQUEST_INVALID. */
function placeOf(cursor: string): LineagePlace | undefined {
  if (cursor === '') return undefined
  const [below = '', above = ''] = cursor.split('|')
  return { below: userPlace(below), above: userPlace(above) }
}
