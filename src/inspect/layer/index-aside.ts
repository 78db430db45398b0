import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { IndexedLayer } from './index-layer.ts'
import { NO_FACTS } from './layer-facts.ts'
import type { WrittenFile } from './layer-thread.ts'
import type { LayerThreads } from './layer-threads.ts'
import { type LayerJob, readAside } from './read-aside.ts'
import { type LayerLimits, LayerVerdict } from './verdict.ts'

export interface IndexJob extends Pick<LayerJob, 'onProgress' | 'signal'> {
  /** Made, used and removed again. */
  readonly directory: string
  readonly limits: LayerLimits
}

/**
 * Indexes a layer in a thread beside the server's and gives `use` the file of its index, which is gone afterwards. A layer that
 * takes too long or too much memory gets a verdict; only what is no fault of the layer rejects.
 */
export async function indexAside<Result>(
  threads: LayerThreads,
  reader: BlobReader,
  { directory, limits, onProgress, signal }: IndexJob,
  use: (layer: IndexedLayer, index: WrittenFile | undefined) => Promise<Result>,
): Promise<Result> {
  const job: LayerJob = {
    task: { what: 'index', directory, limits },
    milliseconds: limits.milliseconds,
    onProgress,
    signal,
  }
  try {
    return await readAside(threads, reader, job, (done) => {
      if (done.what !== 'index') throw new TypeError('a layer was not indexed')
      return use(done.result, done.file)
    })
  } catch (error) {
    if (error instanceof LayerVerdict) return use(withoutIndex(error), undefined)
    throw error
  }
}

function withoutIndex({ verdict, message }: LayerVerdict): IndexedLayer {
  return { verdict, reason: message, facts: NO_FACTS }
}
