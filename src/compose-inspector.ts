import { join } from 'node:path'
import type { Logger } from 'pino'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import type { Config } from './config/schema.ts'
import { type Indexer, startIndexer } from './inspect/layer/indexer.ts'
import { LayerIndexes } from './inspect/layer/layer-indexes.ts'
import { SeekPoints } from './inspect/layer/seek-points.ts'
import { backgroundFailure } from './log.ts'

/** What looks inside layers. */
interface Inspector extends InspectorView {
  readonly indexer: Indexer
  readonly seekPoints: SeekPoints
}

/** What requests need of it. */
export interface InspectorView {
  readonly indexes: LayerIndexes
  readonly indexer: Pick<Indexer, 'request'>
  readonly seekPoints: Pick<SeekPoints, 'entrance'>
}

/** Unpacked bytes for each compressed one: deflate cannot give more, and nothing that people mean comes near it. */
const RATIO = 1000

/** Starts to index what waits, and opens what is indexed. */
export function startInspector(
  stores: { readonly metadata: MetadataStore; readonly blobs: BlobStore },
  config: Config,
  log: Logger,
): Inspector {
  const indexes = new LayerIndexes(stores)
  const held = { ...stores, now: Date.now, grace: config.grace }
  const seekPoints = new SeekPoints({
    ...held,
    indexes,
    directory: join(config.data, 'seeking'),
    milliseconds: config.indexMaxTime,
    onError: backgroundFailure(log, 'seek points failed'),
  })
  if (config.indexLayers === 'off')
    return {
      indexes,
      seekPoints,
      indexer: { request: () => Promise.resolve(), stop: () => Promise.resolve() },
    }
  const indexer = startIndexer({
    ...held,
    directory: join(config.data, 'indexing'),
    workers: config.indexWorkers,
    limits: {
      entries: config.indexMaxEntries,
      unpacked: config.indexMaxUnpacked,
      index: config.indexMaxSize,
      milliseconds: config.indexMaxTime,
      ratio: RATIO,
    },
    onError: backgroundFailure(log, 'indexing failed'),
    onDone: (layer, { state, reason, unpacked, entries }, milliseconds) =>
      log.info({ layer, state, reason, unpacked, entries, ms: Math.round(milliseconds) }, 'layer indexed'),
  })
  return { indexes, indexer, seekPoints }
}
