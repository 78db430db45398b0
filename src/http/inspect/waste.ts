import { LRUCache } from 'lru-cache'
import { displayName } from '../../inspect/display-name.ts'
import { readersOf } from '../../inspect/image-layers.ts'
import { type Waste, wasteOf } from '../../inspect/waste.ts'
import type { Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import type { InspectHttpParts } from './parts.ts'
import { REMEMBERED, remember } from './ready-image.ts'

/** F9: what an image ships for nothing. */
export function getWaste(parts: InspectHttpParts): Handler {
  const known = new LRUCache<string, Promise<Waste>>({ max: REMEMBERED })
  return imageReport(parts, async ({ layers, key }) => {
    const made = async () => wasteOf(await readersOf(parts.indexes, layers))
    const waste = await remember(known, key, made)
    return {
      ...waste,
      top: waste.top.map(({ path, ...item }) => ({ path: displayName(path).text, ...item })),
    }
  })
}
