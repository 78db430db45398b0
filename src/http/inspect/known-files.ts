import { LRUCache } from 'lru-cache'
import type { ForbiddenPath } from '../../inspect/check-image.ts'
import { forbiddenIn } from '../../inspect/find-files.ts'
import { readersOf } from '../../inspect/image-layers.ts'
import type { LayerIndexes } from '../../inspect/layer/layer-indexes.ts'
import { type Waste, wasteOf } from '../../inspect/waste.ts'
import { REMEMBERED, type Ready, remember } from './ready-image.ts'

type Files = Pick<Ready, 'layers' | 'key'>

/** What the files of an image tell several handlers: digests always mean the same, so whole indexes are read once. */
export interface KnownFiles {
  wasteOf(files: Files): Promise<Waste>
  forbiddenIn(files: Files, patterns: readonly string[]): Promise<readonly ForbiddenPath[]>
}

export function rememberFiles(indexes: Pick<LayerIndexes, 'read'>): KnownFiles {
  const wastes = new LRUCache<string, Promise<Waste>>({ max: REMEMBERED })
  const forbidden = new LRUCache<string, Promise<readonly ForbiddenPath[]>>({ max: REMEMBERED })
  return {
    wasteOf: ({ layers, key }) =>
      remember(wastes, key, async () => wasteOf(await readersOf(indexes, layers))),
    forbiddenIn: ({ layers, key }, patterns) =>
      remember(forbidden, JSON.stringify([key, patterns]), async () =>
        forbiddenIn(await readersOf(indexes, layers), patterns),
      ),
  }
}
