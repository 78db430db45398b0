import { displayName } from '../../inspect/display-name.ts'
import { type KnownLayer, wholeReadersOf } from '../../inspect/image-layers.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { readSpans } from '../../inspect/layer/read-file.ts'
import { type Packages, packagesOf, type ReadFiles } from '../../inspect/packages/packages.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { packedLayer } from './file.ts'
import { imageReport } from './image-report.ts'
import { inTime } from './in-time.ts'
import type { InspectHttpParts } from './parts.ts'
import { Remembered } from './remembered.ts'

const PATIENCE_MS = 120_000
/** Packages of all images that are remembered together. */
const REMEMBERED = 100_000

/** F21: the packages of an image, as the lists of its package managers and its modules tell. */
export function getPackages(parts: InspectHttpParts): Handler {
  const known = new Remembered<Packages>({
    items: ({ packages }) => packages.length,
    mostItems: REMEMBERED,
  })
  return imageReport(parts, async ({ layers, key }, exchange) => {
    const { packages, unread, more } = await known.of(key, () =>
      parts.wholeReads(exchange, async () =>
        packagesOf(await wholeReadersOf(parts.indexes, layers), readFrom(parts, layers, exchange)),
      ),
    )
    return {
      packages: packages.map(({ path, ...one }) => ({ ...one, path: displayName(path).text })),
      unread: unread.map(({ path, layer }) => ({ path: displayName(path).text, layer })),
      more,
    }
  })
}

/** Each layer is read once, from the first of the files that are wanted to the last. */
function readFrom(parts: InspectHttpParts, layers: readonly KnownLayer[], exchange: Exchange): ReadFiles {
  return async (at, files) => {
    const { sha256, state } = layers[at] ?? {}
    if (sha256 === undefined) return []
    const packed = packedLayer(parts, sha256, recordIn(state), (read) => parts.farReads(exchange, read))
    // Lists of packages have no holes.
    const spans = files.map(({ contentOffset, size, sparse }) => ({
      start: contentOffset,
      end: contentOffset + (sparse === undefined ? size : 0),
    }))
    return inTime(PATIENCE_MS, (signal) => readSpans(packed, spans, signal))
  }
}
