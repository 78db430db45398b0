import type { Logger } from 'pino'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import type { Config } from './config/schema.ts'
import { showConfig } from './config/show.ts'
import type { DebugPort } from './http/api/debug.ts'
import type { MetricsSource } from './http/metrics.ts'
import { CertificateMetrics } from './metrics/certificate-metrics.ts'
import { profileProcessor } from './metrics/cpu-profile.ts'
import { EXPOSITION_TYPE, exposition, type Metric } from './metrics/exposition.ts'
import { ProcessMetrics } from './metrics/process-metrics.ts'
import { processState } from './metrics/process-state.ts'
import { registryMetrics } from './metrics/registry-metrics.ts'
import { RequestMetrics } from './metrics/request-metrics.ts'
import { StoreMetrics } from './metrics/store-metrics.ts'
import { type JobState, WorkMetrics } from './metrics/work-metrics.ts'
import { RegistryMeter } from './registry/meter.ts'
import { VERSION } from './version.ts'

/** What this process counts. Each part is handed to those who know what happens. */
export class Metrics {
  readonly requests = new RequestMetrics()
  readonly registry = new RegistryMeter()
  readonly work = new WorkMetrics()
  readonly certificate = new CertificateMetrics()
  readonly #stores = new StoreMetrics()
  readonly #process = new ProcessMetrics()

  /** Measures the calls to these stores from now on. */
  measure({ metadata, blobs }: { readonly metadata: MetadataStore; readonly blobs: BlobStore }): void {
    this.#stores.measureMetadata(metadata)
    this.#stores.measureBlobs(blobs)
  }

  /** All that is counted, as text; `jobs` gives the background work as it is when asked. */
  source(
    { metadata, blobs }: { readonly metadata: MetadataStore; readonly blobs: BlobStore },
    jobs: () => readonly JobState[],
    log: Logger,
  ): MetricsSource {
    const metrics: Metric[] = [
      ...this.requests.metrics(),
      ...registryMetrics(this.registry),
      ...this.#stores.metrics(),
      ...this.work.metrics(metadata, jobs, Date.now),
      freeBytes(blobs),
      ...this.certificate.metrics(),
      ...this.#process.metrics(VERSION),
    ]
    const failed = (error: unknown, metric: string) =>
      log.warn({ err: error, metric }, 'a metric cannot be gathered and is left out')
    return { type: EXPOSITION_TYPE, text: () => exposition(metrics, failed) }
  }

  /** The process from inside. */
  debug(config: Config): DebugPort {
    return {
      state: () => ({
        version: VERSION,
        ...processState(),
        eventLoop: this.#process.eventLoop(),
        requests: this.requests.underWay,
        uploads: this.registry.writing,
        configuration: showConfig(config),
      }),
      profile: profileProcessor,
    }
  }

  stop(): void {
    this.#process.stop()
  }
}

function freeBytes(blobs: BlobStore): Metric {
  return {
    name: 'lamina_disk_free_bytes',
    type: 'gauge',
    help: 'Free space for uploads; absent where blobs are in a bucket. Pushes are refused below LAMINA_MIN_FREE.',
    samples: async () => {
      const free = await blobs.freeBytes()
      return free === undefined ? [] : [[{}, free]]
    },
  }
}
