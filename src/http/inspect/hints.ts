import { displayName } from '../../inspect/display-name.ts'
import { type FileHints, fileHintsOf, wordHintsOf } from '../../inspect/hints.ts'
import { wholeReadersOf } from '../../inspect/image-layers.ts'
import type { Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import type { InspectHttpParts } from './parts.ts'
import { Remembered } from './remembered.ts'

/** F20: what in an image deserves a look. */
export function getHints(parts: InspectHttpParts): Handler {
  const known = new Remembered<FileHints>()
  return imageReport(parts, async ({ image, layers, key }, exchange) => {
    const { hints, more } = await known.of(key, () =>
      parts.wholeReads(exchange, async () => fileHintsOf(await wholeReadersOf(parts.indexes, layers))),
    )
    const files = hints.map(({ path, ...hint }) => ({ path: displayName(path).text, ...hint }))
    return { files, more, words: wordHintsOf(image) }
  })
}
