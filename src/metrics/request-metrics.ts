import type { Metric, Sample } from './exposition.ts'
import { Counter, Histogram, REQUEST_SECONDS } from './instruments.ts'

/** An answer that has left. */
export interface Answered {
  readonly method: string
  readonly status: number
  readonly milliseconds: number
  /** Of its body. */
  readonly bytes: number
}

/** What is counted of one endpoint and method. */
class Endpoint {
  readonly byStatus = new Map<number, Counter>()
  readonly seconds = new Histogram(REQUEST_SECONDS)
  readonly bytes = new Counter()
}

/** Counts the requests, by endpoint of the protocol, or for the rest of the surface by what part of it they are. */
export class RequestMetrics {
  #underWay = 0
  readonly #endpoints = new Map<string, Map<string, Endpoint>>()

  get underWay(): number {
    return this.#underWay
  }

  /** A request came in. */
  began(): void {
    this.#underWay += 1
  }

  /** It was answered; `endpoint` is one of few names. */
  ended(endpoint: string, answered: Answered): void {
    this.#underWay -= 1
    const counted = this.#endpoint(endpoint, answered.method)
    const count = counted.byStatus.get(answered.status) ?? new Counter()
    counted.byStatus.set(answered.status, count)
    count.add()
    counted.seconds.observe(answered.milliseconds / 1000)
    counted.bytes.add(answered.bytes)
  }

  #endpoint(name: string, method: string): Endpoint {
    const known = this.#endpoints.get(name)?.get(method)
    if (known !== undefined) return known
    const methods = this.#endpoints.get(name) ?? new Map<string, Endpoint>()
    const endpoint = new Endpoint()
    this.#endpoints.set(name, methods.set(method, endpoint))
    return endpoint
  }

  metrics(): Metric[] {
    return [
      {
        name: 'lamina_http_requests_total',
        type: 'counter',
        help: 'Answered requests. `endpoint` is the operation of openapi.yaml for /v2/ and /token, else the part of the surface.',
        samples: () =>
          this.#each(({ byStatus }, labels) =>
            [...byStatus].map(([status, count]) => [{ ...labels, status: String(status) }, count]),
          ),
      },
      {
        name: 'lamina_http_request_duration_seconds',
        type: 'histogram',
        help: 'From the header of a request to the last byte of its answer, at the speed of its client.',
        samples: () => this.#each(({ seconds }, labels) => [[labels, seconds]]),
      },
      {
        name: 'lamina_http_response_bytes_total',
        type: 'counter',
        help: 'Bytes of the bodies of answers.',
        samples: () => this.#each(({ bytes }, labels) => [[labels, bytes]]),
      },
      {
        name: 'lamina_http_requests_in_flight',
        type: 'gauge',
        help: 'Requests that are being answered now.',
        samples: () => [[{}, this.#underWay]],
      },
    ]
  }

  #each(samples: (endpoint: Endpoint, labels: { endpoint: string; method: string }) => Sample[]): Sample[] {
    return [...this.#endpoints].flatMap(([endpoint, methods]) =>
      [...methods].flatMap(([method, counted]) => samples(counted, { endpoint, method })),
    )
  }
}
