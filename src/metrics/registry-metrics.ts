import type { RegistryMeter } from '../registry/meter.ts'
import type { Metric } from './exposition.ts'

/** What the registry did with blobs. */
export function registryMetrics(meter: RegistryMeter): Metric[] {
  return [
    {
      name: 'lamina_uploads_active',
      type: 'gauge',
      help: 'Upload sessions that a request is writing to now.',
      samples: () => [[{}, meter.writing]],
    },
    {
      name: 'lamina_blob_received_bytes_total',
      type: 'counter',
      help: 'Bytes of blobs that clients sent, also of uploads that came to nothing.',
      samples: () => [[{}, meter.received]],
    },
    {
      name: 'lamina_mounts_total',
      type: 'counter',
      help: 'Blobs that a client got into a repository without sending them.',
      samples: () => [[{}, meter.mounts]],
    },
    {
      name: 'lamina_deduplicated_bytes_total',
      type: 'counter',
      help: 'Bytes saved: `mount` were not sent, `store` were sent and not stored a second time.',
      samples: () => [
        [{ how: 'mount' }, meter.mountedBytes],
        [{ how: 'store' }, meter.knownBytes],
      ],
    },
    {
      name: 'lamina_blobs_quarantined_total',
      type: 'counter',
      help: 'Blobs whose stored bytes were found to be wrong or missing.',
      samples: () => [[{}, meter.quarantined]],
    },
  ]
}
