import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { traceStores } from './trace-stores.ts'

export interface TracingOptions {
  /** Where OTLP is taken by HTTP; undefined: where OTEL_EXPORTER_OTLP_ENDPOINT says. */
  readonly endpoint: string | undefined
  /** One in so many requests that bring no trace is traced. */
  readonly sample: number
  readonly version: string
  /** Hears what kept spans from being sent. */
  readonly notice: (error: unknown) => void
}

/** What a request was, once it has been answered. */
export interface TracedRequest {
  /** Of few: `GET /v2/{name}/manifests/{reference}`. */
  readonly name: string
  readonly status: number
  readonly attributes: Attributes
}

/**
 * Spans of requests and of the calls to the stores within them, sent to a collector in the background. The only file that
 * knows OpenTelemetry's SDK; it is loaded when traces are configured. Nothing is registered globally but what hears of
 * failures.
 */
export class OpenTelemetry {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #current = new AsyncLocalStorage<Context>()

  constructor({ endpoint, sample, version, notice }: TracingOptions) {
    setGlobalErrorHandler(notice)
    const exporter = new OTLPTraceExporter(endpoint === undefined ? {} : { url: `${endpoint}/v1/traces` })
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': 'lamina',
        'service.version': version,
      }).merge(defaultResource()),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1 / sample) }),
      spanProcessors: [new BatchSpanProcessor({ exporter })],
    })
    this.#tracer = this.#provider.getTracer('lamina', version)
  }

  /** Runs `work` as a span below the trace that `traceparent`, a request's header, names. */
  async request(
    traceparent: string | undefined,
    work: () => Promise<void>,
    outcome: () => TracedRequest,
  ): Promise<void> {
    const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
    const above =
      parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true })
    const span = this.#tracer.startSpan('request', { kind: SpanKind.SERVER }, above)
    try {
      await this.#current.run(trace.setSpan(above, span), work)
    } finally {
      const { name, status, attributes } = outcome()
      span.updateName(name).setAttributes(attributes)
      // Semantic conventions: on the server only 5xx are errors of the span.
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
  }

  /** From now on calls to these stores within a request are spans. */
  follow(stores: { readonly metadata: MetadataStore; readonly blobs: BlobStore }): void {
    traceStores(stores, (name, work) => this.#child(name, work))
  }

  /** The W3C header of what is under way, to send along. */
  traceparent(): string | undefined {
    const context = this.#spanNow()?.spanContext()
    if (context === undefined) return undefined
    const flags = context.traceFlags.toString(16).padStart(2, '0')
    return `00-${context.traceId}-${context.spanId}-${flags}`
  }

  /** Sends what is left; waits for a collector that does not answer 2 s at most. */
  async stop(): Promise<void> {
    await Promise.race([
      this.#provider.shutdown(),
      new Promise((resolve) => setTimeout(resolve, 2000).unref()),
    ])
  }

  /** Background work has no span above it and makes none: it would be nothing but its polling. */
  async #child<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const above = this.#current.getStore()
    if (above === undefined || this.#spanNow()?.isRecording() !== true) return work()
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT }, above)
    try {
      return await this.#current.run(trace.setSpan(above, span), work)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'failure' })
      throw error
    } finally {
      span.end()
    }
  }

  #spanNow(): Span | undefined {
    const context = this.#current.getStore()
    return context && trace.getSpan(context)
  }
}
