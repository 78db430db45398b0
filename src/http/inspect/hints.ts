import { LRUCache } from 'lru-cache'
import { displayName } from '../../inspect/display-name.ts'
import { type FileHints, fileHintsOf, wordHintsOf } from '../../inspect/hints.ts'
import { readersOf } from '../../inspect/image-layers.ts'
import type { Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import type { InspectHttpParts } from './parts.ts'
import { REMEMBERED, remember } from './ready-image.ts'

/** F20: what in an image deserves a look. */
export function getHints(parts: InspectHttpParts): Handler {
  const known = new LRUCache<string, Promise<FileHints>>({ max: REMEMBERED })
  return imageReport(parts, async ({ image, layers, key }) => {
    const made = async () => fileHintsOf(await readersOf(parts.indexes, layers))
    const { hints, more } = await remember(known, key, made)
    const files = hints.map(({ path, ...hint }) => ({ path: displayName(path).text, ...hint }))
    return { files, more, words: wordHintsOf(image) }
  })
}
