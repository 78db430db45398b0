import { displayName } from '../../inspect/display-name.ts'
import { type FoundFiles, findFilesIn } from '../../inspect/find-files.ts'
import { wholeReadersOf } from '../../inspect/image-layers.ts'
import { answer } from '../api/answers.ts'
import type { Handler } from '../exchange.ts'
import { fileQuery } from './file-query.ts'
import { imageReport } from './image-report.ts'
import { fromLayerIndex } from './layer-index.ts'
import type { InspectHttpParts } from './parts.ts'
import { Remembered } from './remembered.ts'

/** F8: files of an image by their path, size, type and rights. */
export function findFiles(parts: InspectHttpParts): Handler {
  const known = new Remembered<FoundFiles>()
  return imageReport(parts, async ({ layers, key }, exchange) => {
    const query = fileQuery(exchange)
    const found = await known.of(`${key} ${query.key}`, () =>
      parts.wholeReads(exchange, async () => findFilesIn(await wholeReadersOf(parts.indexes, layers), query)),
    )
    return show(found)
  })
}

/** F8: the same of one layer alone. */
export function findLayerFiles(parts: InspectHttpParts): Handler {
  return fromLayerIndex(parts, async (exchange, { layer, reader, cache }) => {
    const query = fileQuery(exchange)
    const found = await parts.wholeReads(exchange, () => findFilesIn([reader], query))
    return answer(200, { layer, ...show(found) }, cache)
  })
}

function show({ files, more }: FoundFiles) {
  return {
    files: files.map(({ path, ...file }) => {
      const name = displayName(path)
      return { path: name.text, ...(name.raw !== undefined && { pathRaw: name.raw }), ...file }
    }),
    more,
  }
}
