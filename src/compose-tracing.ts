import type { Logger } from 'pino'
import type { Config } from './config/schema.ts'
import type { OpenTelemetry } from './tracing/open-telemetry.ts'
import { VERSION } from './version.ts'

/** Spans come by the hundred: one line about a collector that is away is enough for a while, in milliseconds. */
const QUIET = 60_000

/** What follows requests, when a place for traces is configured. Only then are the libraries loaded. */
export async function openTracing(config: Config, log: Logger): Promise<OpenTelemetry | undefined> {
  const elsewhere = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  if (config.tracesEndpoint === undefined && !elsewhere.some((name) => process.env[name])) return undefined
  const tracing = await import('./tracing/open-telemetry.ts')
  let told = Number.NEGATIVE_INFINITY
  return new tracing.OpenTelemetry({
    endpoint: config.tracesEndpoint,
    sample: config.tracesSample,
    version: VERSION,
    notice: (error) => {
      if (performance.now() - told < QUIET) return
      told = performance.now()
      log.warn({ err: error }, 'traces cannot be sent; requests go on without')
    },
  })
}
