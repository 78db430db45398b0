import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { ImageSource } from './image-source.ts'
import type { Indexer } from './layer/indexer.ts'
import type { LayerIndexes } from './layer/layer-indexes.ts'
import type { SeekPoints } from './layer/seek-points.ts'

/** What the inspector reads from. */
export interface InspectParts {
  readonly metadata: MetadataStore
  readonly source: ImageSource
  readonly indexes: LayerIndexes
  readonly indexer: Pick<Indexer, 'request'>
  readonly seekPoints: Pick<SeekPoints, 'entrance'>
}

/** Whether the caller may pull from a project. Whatever crosses repositories asks it for each. */
export type MayRead = (project: string) => Promise<boolean>
