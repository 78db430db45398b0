import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Metric } from './exposition.ts'
import { Counter, Histogram, STORE_SECONDS } from './instruments.ts'

/** One read of records in so many is measured: a manifest is read in microseconds, and measuring would cost as much. */
const READS_PER_SAMPLE = 16

/** Measures calls to the stores, of requests and of background work. */
export class StoreMetrics {
  readonly #seconds = new Map<string, Histogram>()
  readonly #failures = new Map<string, Counter>()

  /** From now on the calls of `metadata` that others wait for are measured. */
  measureMetadata(metadata: MetadataStore): void {
    const read = metadata.read.bind(metadata)
    const range = metadata.range.bind(metadata)
    const commit = metadata.commit.bind(metadata)
    const timeRead = this.#timer('metadata_read')
    const timeRange = this.#timer('metadata_range')
    const timeCommit = this.#timer('metadata_commit')
    let reads = 0
    metadata.read = (wanted) => {
      reads += 1
      return reads % READS_PER_SAMPLE === 0 ? timeRead(() => read(wanted)) : read(wanted)
    }
    metadata.range = (query) => timeRange(() => range(query))
    metadata.commit = (work) => timeCommit(() => commit(work))
  }

  /** From now on the calls of `blobs` that others wait for are measured; not the transfers, whose speed is the client's. */
  measureBlobs(blobs: BlobStore): void {
    const read = blobs.read.bind(blobs)
    const complete = blobs.complete.bind(blobs)
    const removeMany = blobs.removeMany.bind(blobs)
    const timeOpen = this.#timer('blob_open')
    const timeComplete = this.#timer('blob_complete')
    const timeRemove = this.#timer('blob_remove')
    blobs.read = (location, range) => timeOpen(() => read(location, range))
    blobs.complete = (state, length, digest) => timeComplete(() => complete(state, length, digest))
    blobs.removeMany = (locations) => timeRemove(() => removeMany(locations))
  }

  metrics(): Metric[] {
    return [
      {
        name: 'lamina_store_duration_seconds',
        type: 'histogram',
        help: `Calls to the stores behind the registry. Of metadata_read one in ${READS_PER_SAMPLE} is measured.`,
        samples: () => [...this.#seconds].map(([call, seconds]) => [{ call }, seconds]),
      },
      {
        name: 'lamina_store_failures_total',
        type: 'counter',
        help: 'Measured calls that failed; a commit that must be tried again because somebody else was faster counts too.',
        samples: () => [...this.#failures].map(([call, failures]) => [{ call }, failures]),
      },
    ]
  }

  #timer(call: string): <Result>(work: () => Promise<Result>) => Promise<Result> {
    const seconds = new Histogram(STORE_SECONDS)
    const failures = new Counter()
    this.#seconds.set(call, seconds)
    this.#failures.set(call, failures)
    return async (work) => {
      const begun = performance.now()
      try {
        return await work()
      } catch (error) {
        failures.add()
        throw error
      } finally {
        seconds.observe((performance.now() - begun) / 1000)
      }
    }
  }
}
