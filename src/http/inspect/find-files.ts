import { displayName } from '../../inspect/display-name.ts'
import { type FoundFiles, findFilesIn } from '../../inspect/find-files.ts'
import { readersOf } from '../../inspect/image-layers.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import { textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'
import { Remembered } from './remembered.ts'

/** F8: files of an image by a part of their path. */
export function findFiles(parts: InspectHttpParts): Handler {
  const known = new Remembered<FoundFiles>()
  return imageReport(parts, async ({ layers, key }, exchange) => {
    const text = textParam(exchange, 'q')
    if (text === undefined)
      throw new RegistryError('REQUEST_INVALID', {
        message: 'q takes a part of a path, such as package.json',
        detail: { field: 'q' },
      })
    const { files, more } = await known.of(JSON.stringify([key, text]), () =>
      parts.wholeReads(exchange, async () => findFilesIn(await readersOf(parts.indexes, layers), text)),
    )
    const shown = files.map(({ path, ...file }) => {
      const name = displayName(path)
      return { path: name.text, ...(name.raw !== undefined && { pathRaw: name.raw }), ...file }
    })
    return { files: shown, more }
  })
}
