import { displayName } from '../../inspect/display-name.ts'
import type { Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import type { KnownFiles } from './known-files.ts'
import type { InspectHttpParts } from './parts.ts'

/** F9: what an image ships for nothing. */
export function getWaste(parts: InspectHttpParts, files: Pick<KnownFiles, 'wasteOf'>): Handler {
  return imageReport(parts, async (found, exchange) => {
    const waste = await files.wasteOf(exchange, found)
    return {
      ...waste,
      top: waste.top.map(({ path, ...item }) => ({ path: displayName(path).text, ...item })),
    }
  })
}
