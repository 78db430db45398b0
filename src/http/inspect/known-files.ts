import type { ForbiddenPath } from '../../inspect/check-image.ts'
import { forbiddenIn } from '../../inspect/find-files.ts'
import { wholeReadersOf } from '../../inspect/image-layers.ts'
import type { LayerIndexes } from '../../inspect/layer/layer-indexes.ts'
import { type Waste, wasteOf } from '../../inspect/waste.ts'
import type { Asker, InTurn } from '../turns.ts'
import type { Ready } from './ready-image.ts'
import { Remembered } from './remembered.ts'

type Files = Pick<Ready, 'layers' | 'key'>

/** What the files of an image tell several handlers: digests always mean the same, so whole indexes are read once. */
export interface KnownFiles {
  wasteOf(asker: Asker, files: Files): Promise<Waste>
  forbiddenIn(asker: Asker, files: Files, patterns: readonly string[]): Promise<readonly ForbiddenPath[]>
}

export function rememberFiles(parts: {
  readonly indexes: Pick<LayerIndexes, 'read'>
  readonly wholeReads: InTurn
}): KnownFiles {
  const { indexes, wholeReads } = parts
  const wastes = new Remembered<Waste>()
  const forbidden = new Remembered<readonly ForbiddenPath[]>()
  return {
    wasteOf: (asker, { layers, key }) =>
      wastes.of(key, () => wholeReads(asker, async () => wasteOf(await wholeReadersOf(indexes, layers)))),
    forbiddenIn: (asker, { layers, key }, patterns) =>
      forbidden.of(JSON.stringify([key, patterns]), () =>
        wholeReads(asker, async () => forbiddenIn(await wholeReadersOf(indexes, layers), patterns)),
      ),
  }
}
