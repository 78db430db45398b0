import type { Metric } from './exposition.ts'

/** The certificate that clients are shown, where this process speaks HTTPS itself. */
export class CertificateMetrics {
  #end: number | undefined

  /** Clients are shown one now that is good until `end`, in milliseconds. */
  takenUp(end: number): void {
    this.#end = end
  }

  metrics(): Metric[] {
    return [
      {
        name: 'lamina_tls_certificate_expires_timestamp_seconds',
        type: 'gauge',
        help: 'When the certificate ends that clients are shown; absent without LAMINA_TLS_CERT.',
        samples: () => (this.#end === undefined ? [] : [[{}, this.#end / 1000]]),
      },
    ]
  }
}
